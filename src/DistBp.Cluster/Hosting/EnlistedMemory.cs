using System.Runtime.InteropServices;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Data;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Hosting;

/// <summary>A job's memory on a node that is told of it: the data are read where there are workers, the parameters come from the servers.</summary>
internal sealed class EnlistedMemory : IDisposable
{
    private readonly ResolvedJob? _files;

    private EnlistedMemory(TrainingMemory training, ResolvedJob? files) => (Training, _files) = (training, files);

    public TrainingMemory Training { get; }

    /// <exception cref="UserException">The job's data are not here, or are others than the coordinator's.</exception>
    public static async Task<EnlistedMemory> CreateAsync(Enlistment enlistment, JobData data, TensorAllocator allocate, CancellationToken cancellation)
    {
        JobDescription job = JobFile.Parse(enlistment.JobText, "the coordinator's job", [], "job", enlistment.BaseFolder);
        DataSchema schema = DataSchema.Parse(enlistment.Schema.Span, "the coordinator's preprocessing");
        Network network = JobNetwork.Build(job, schema);
        ResolvedJob? files = enlistment.Workers.Count > 0
            ? await data.ResolveAsync(enlistment.Job, job, cancellation).ConfigureAwait(false) : null;
        try
        {
            Dictionary<DataPart, Dataset> parts = files is null ? [] : DataParts.Of(Read(files, schema));
            var memory = new TrainingMemory(job, network, parts, enlistment.TrainSamples, allocate);
            MemoryMarshal.Cast<byte, float>(enlistment.Constants.Span).CopyTo(memory.Parameters.Span[network.Parameters.UpdatedCount..]);
            return new EnlistedMemory(memory, files);
        }
        catch
        {
            files?.Dispose();
            throw;
        }
    }

    public void Dispose() => _files?.Dispose();

    private static TrainingData Read(ResolvedJob files, DataSchema schema)
    {
        JobDescription job = files.Job;
        if (files.Locate is not null)
        {
            // Fitted by the coordinator: another fit would be another pass over all shards.
            Dataset? Part(DataSource? source) => source is null ? null : schema.ReadLabelled(source, job.BaseFolder, files.Locate, job.Data.ShuffleWindow);
            return new TrainingData(Part(job.Data.Train)!, Part(job.Data.Validation), Part(job.Data.Test), schema);
        }
        TrainingData data = DataLoader.Load(job.Data, job.Target, job.Seed, job.BaseFolder);
        if (data.Schema.Write().AsSpan().SequenceEqual(schema.Write())) return data;
        throw new UserException(
            ErrorKind.Data, "what is read here from the same data files differs from what the coordinator has read", $"data of {job.Name}",
            "run the same version of distbp on all nodes");
    }
}
