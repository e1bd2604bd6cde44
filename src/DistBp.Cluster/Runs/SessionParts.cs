using DistBp.Cluster.Actors;
using DistBp.Learning.Data;
using DistBp.Protocol;

namespace DistBp.Cluster.Runs;

/// <summary>What a run's actors are made from.</summary>
/// <param name="Warn">Tells the run's observers something that the user should know.</param>
internal sealed record SessionParts(TrainingData Data, TrainingMemory Memory, TrainingPlan Plan, IRunReporter Reporter, Action<string> Warn);
