using DistBp.Cluster.Actors;
using DistBp.Learning.Data;
using DistBp.Protocol;

namespace DistBp.Cluster.Runs;

/// <summary>What a run's actors are made from.</summary>
/// <param name="Started">As it was told to the observers.</param>
/// <param name="Tell">Tells the run's observers of a node that comes or goes.</param>
internal sealed record SessionParts(TrainingData Data, TrainingMemory Memory, TrainingPlan Plan, IRunReporter Reporter, RunStarted Started, Action<MemberFigures> Tell);
