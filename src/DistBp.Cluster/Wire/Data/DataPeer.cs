using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Data.Contract;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Tensors;

namespace DistBp.Cluster.Wire.Data;

/// <summary>A node that may have the files of a job.</summary>
/// <param name="name">For messages.</param>
/// <param name="job">Its number in the cluster.</param>
/// <param name="credentials">Sent with every call.</param>
/// <param name="patience">A node that gives no chunk for so long is given up.</param>
internal sealed class DataPeer(string name, GrpcChannel channel, long job, Metadata credentials, TimeSpan patience)
{
    private const int MostFiles = 1 << 22;

    public string Name => name;

    /// <param name="timeout">The node reads all files that no manifest describes, the first time.</param>
    /// <exception cref="RpcException">The node cannot be reached, or does not know the job.</exception>
    public async Task<IReadOnlyList<NamedFile>> DescribeAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        using ClientCall<DescribeRequest, DataFile> call = channel.Call(DataService.Describe, credentials, timeout, cancellation);
        await call.WriteLastAsync(new DescribeRequest { Job = job }).ConfigureAwait(false);
        var files = new List<NamedFile>();
        while (await call.ReadAsync().ConfigureAwait(false) is { } file)
        {
            if (files.Count == MostFiles) throw new RpcException(StatusCode.ResourceExhausted, $"job {job} has more than {MostFiles} files");
            files.Add(new NamedFile(file.Name, new FileDigest(file.Bytes, file.Sha256)));
        }
        return files;
    }

    /// <summary>Appends to the stream what it lacks of the file. Chunks are checked; the file as a whole is the caller's to check.</summary>
    /// <exception cref="RpcException">The node cannot be reached, lacks the file, or sent something else.</exception>
    public async Task ReadAsync(NamedFile file, Stream destination, CancellationToken cancellation)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(patience);
        using ClientCall<ReadRequest, DataChunk> call = channel.Call(DataService.Read, credentials, cancellation: silence.Token);
        try
        {
            await call.WriteLastAsync(new ReadRequest { Job = job, Name = file.Name, Sha256 = file.Digest.Sha256, Offset = destination.Length }).ConfigureAwait(false);
            while (await call.ReadAsync().ConfigureAwait(false) is { } chunk)
            {
                Check(chunk, file, destination.Length);
                await destination.WriteAsync(chunk.Payload.Memory, cancellation).ConfigureAwait(false);
                silence.CancelAfter(patience);
            }
        }
        catch (RpcException e) when (silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Unavailable, $"it gave nothing for {patience.TotalSeconds:0.#} s", e);
        }
        catch (RpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        if (destination.Length < file.Digest.Bytes)
            throw new RpcException(StatusCode.DataLoss, $"it sent {destination.Length} of {file.Digest.Bytes} bytes");
    }

    private static void Check(DataChunk chunk, NamedFile file, long expected)
    {
        if (chunk.Offset != expected) throw new RpcException(StatusCode.DataLoss, $"a chunk is of byte {chunk.Offset} where {expected} follows");
        if (chunk.Payload.IsEmpty || expected + chunk.Payload.Length > file.Digest.Bytes)
            throw new RpcException(StatusCode.DataLoss, $"a chunk of {chunk.Payload.Length} bytes at {expected} is none of a file of {file.Digest.Bytes}");
        if (Checksum.Compute(chunk.Payload.Span) != chunk.Checksum) throw new RpcException(StatusCode.DataLoss, $"the checksum of the chunk at {expected} is wrong");
    }
}
