using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Control;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>How a run began, as a message, and back.</summary>
internal static class RunStartMessage
{
    public static RunStart Of(RunStarted s)
    {
        var message = new RunStart
        {
            Job = JobFile.Write(s.Job),
            BaseFolder = s.Job.BaseFolder,
            Folder = Path.GetFullPath(s.Folder),
            Workers = (uint)s.Workers,
            Servers = (uint)s.Servers,
            ComputeThreads = (uint)s.ComputeThreads,
            Parameters = (uint)s.Parameters,
            TrainSamples = (uint)s.TrainSamples,
            ValidationSamples = (uint)s.ValidationSamples,
            TestSamples = (uint)s.TestSamples,
            StepsPerEpoch = (ulong)s.StepsPerEpoch,
            StartStep = (ulong)s.StartStep,
            TotalSteps = (ulong)s.TotalSteps,
        };
        message.SampleShape.AddRange(s.SampleShape.Dimensions.ToArray());
        return message;
    }

    /// <exception cref="UserException">The job is none that this version knows.</exception>
    public static RunStarted Read(RunStart s) => new(
        JobFile.Parse(s.Job, "the job", [], "job", s.BaseFolder), s.Folder, (int)s.Workers, (int)s.Servers, (int)s.ComputeThreads, new TensorShape([.. s.SampleShape]),
        (int)s.Parameters, (int)s.TrainSamples, (int)s.ValidationSamples, (int)s.TestSamples, (long)s.StepsPerEpoch, (long)s.StartStep, (long)s.TotalSteps);
}
