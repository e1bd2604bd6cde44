using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Protocol;

namespace DistBp.Cluster.Hosting;

/// <summary>What a job's side on the coordinator's node hears; handled one at a time.</summary>
internal abstract record JobEvent;

/// <param name="AtStart">It was there when the job began.</param>
internal sealed record MembersMoved(MemberChange Change, bool AtStart) : JobEvent;

/// <summary>Where another coordinator's run is taken over: all who are back have been told of.</summary>
internal sealed record TakeoverDue : JobEvent;

/// <param name="Problem">Null: it takes part.</param>
internal sealed record EnlistmentEnded(JobNode Node, string? Problem) : JobEvent;

/// <param name="Unreachable">Those that a link to was not to be had, and why; null: it was broken off, for one who was to be introduced is gone.</param>
internal sealed record IntroductionEnded(IReadOnlyList<JobNode> Newcomers, IReadOnlyList<(JobNode Node, string Why)>? Unreachable) : JobEvent;

internal sealed record AssignmentTaken(Assignment Assignment) : JobEvent;

/// <param name="About">Who does not answer the one who complains.</param>
internal sealed record PeerUnreachable(PeerNode About, string Reason) : JobEvent;

/// <summary>A node of the job has something to say about another one, or about itself.</summary>
internal sealed record NodeComplained(Complaint Complaint) : JobEvent;

internal sealed record StopAsked : JobEvent;

internal sealed record PaceDue : JobEvent;
