using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Runs;

/// <summary>The network of a job, for the data that it is trained on.</summary>
public static class JobNetwork
{
    /// <exception cref="UserException">A layer does not fit its input, or the output does not fit the target.</exception>
    public static Network Build(JobDescription job, DataSchema schema) => Network.Build(
        job.Model, schema.SampleShape, new TargetDescription(schema.Target, schema.TargetShape, schema.ClassCount), job.Loss);
}
