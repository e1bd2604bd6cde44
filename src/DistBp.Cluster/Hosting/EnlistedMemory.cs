using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Hosting;

/// <summary>A job's memory on a node that is told of it: the data are read where there are workers, the parameters come from the servers.</summary>
internal static class EnlistedMemory
{
    /// <exception cref="UserException">The job's data are not here, or are others than the coordinator's.</exception>
    public static TrainingMemory Create(Enlistment enlistment)
    {
        JobDescription job = JobFile.Parse(enlistment.JobText, "the coordinator's job", [], "job", enlistment.BaseFolder);
        DataSchema schema = DataSchema.Parse(enlistment.Schema.Span, "the coordinator's preprocessing");
        Network network = JobNetwork.Build(job, schema);
        Dictionary<DataPart, Dataset> parts = enlistment.Workers.Count > 0 ? Read(job, enlistment) : [];
        var memory = new TrainingMemory(job, network, parts, enlistment.TrainSamples);
        MemoryMarshal.Cast<byte, float>(enlistment.Constants.Span).CopyTo(memory.Parameters.Span[network.Parameters.UpdatedCount..]);
        return memory;
    }

    /// <summary>Of all that a worker reads.</summary>
    public static byte[] Digest(IReadOnlyDictionary<DataPart, Dataset> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((_, Dataset part) in parts.OrderBy(p => p.Key))
        {
            hash.AppendData(BitConverter.GetBytes(part.Count));
            hash.AppendData(MemoryMarshal.AsBytes(part.Samples.Span));
            hash.AppendData(MemoryMarshal.AsBytes(part.Targets.Span));
            hash.AppendData(MemoryMarshal.AsBytes(part.Lengths.AsSpan()));
        }
        return hash.GetHashAndReset();
    }

    private static Dictionary<DataPart, Dataset> Read(JobDescription job, Enlistment enlistment)
    {
        Dictionary<DataPart, Dataset> parts = DataParts.Of(DataLoader.Load(job.Data, job.Target, job.Seed, job.BaseFolder));
        if (Digest(parts).AsSpan().SequenceEqual(enlistment.DataDigest.Span)) return parts;
        throw new UserException(
            ErrorKind.Data, "the data files here are not the coordinator's: what is read from them differs", $"data of {job.Name}, below {job.BaseFolder}",
            "copy the same files to all nodes");
    }
}
