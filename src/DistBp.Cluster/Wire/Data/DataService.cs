using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Data.Contract;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Tensors;
using DistBp.Learning;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using FileOptions = System.IO.FileOptions;

namespace DistBp.Cluster.Wire.Data;

/// <summary>Gives the files of jobs to nodes that do not have them.</summary>
internal sealed class DataService(SharedFiles files)
{
    public static readonly Method<DescribeRequest, DataFile> Describe = new(Descriptor, "Describe");
    public static readonly Method<ReadRequest, DataChunk> Read = new(Descriptor, "Read");

    /// <summary>A message stays well below what any peer takes.</summary>
    private const int ChunkBytes = 1 << 20;

    private static ServiceDescriptor Descriptor => DataReflection.Descriptor.Services.Single();

    public void AddTo(GrpcServices services)
    {
        services.ServerStreaming(Describe, DescribeAsync);
        services.ServerStreaming(Read, ReadAsync);
    }

    private async Task DescribeAsync(DescribeRequest request, MessageWriter<DataFile> described, ServerCall call)
    {
        IReadOnlyCollection<SharedFile> shared = files.OfJob(request.Job) ?? throw new RpcException(StatusCode.NotFound, $"job {request.Job} is not known here");
        foreach (SharedFile file in shared)
        {
            // A file that no manifest describes is read as a whole the first time.
            (string name, FileDigest digest) = await Task.Run(() => Described(file), call.Cancellation).ConfigureAwait(false);
            await described.WriteAsync(new DataFile { Name = name, Bytes = digest.Bytes, Sha256 = digest.Sha256 }, call.Cancellation).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(ReadRequest request, MessageWriter<DataChunk> chunks, ServerCall call)
    {
        SharedFile file = files.Find(request.Job, request.Name)
            ?? throw new RpcException(StatusCode.NotFound, $"job {request.Job} has no file '{request.Name}' here");
        NamedFile described = await Task.Run(() => Described(file), call.Cancellation).ConfigureAwait(false);
        if (described.Digest.Sha256 != request.Sha256)
            throw new RpcException(StatusCode.FailedPrecondition, $"'{request.Name}' has another content here: SHA-256 {described.Digest.Sha256}");
        if (request.Offset < 0 || request.Offset > described.Digest.Bytes)
            throw new RpcException(StatusCode.OutOfRange, $"'{request.Name}' has {described.Digest.Bytes} bytes, none at {request.Offset}");
        try
        {
            await SendAsync(file.Path, request.Offset, chunks, call.Cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new RpcException(StatusCode.NotFound, $"'{request.Name}' cannot be read here any more", e);
        }
    }

    private static async Task SendAsync(string path, long offset, MessageWriter<DataChunk> chunks, CancellationToken cancellation)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan | FileOptions.Asynchronous);
        stream.Position = offset;
        var buffer = new byte[ChunkBytes];
        while (await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false) is > 0 and var count)
        {
            var chunk = new DataChunk
            {
                Checksum = Checksum.Compute(buffer.AsSpan(0, count)), Offset = offset,
                // Written out before the buffer is filled again.
                Payload = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, count)),
            };
            await chunks.WriteAsync(chunk, cancellation).ConfigureAwait(false);
            offset += count;
        }
    }

    private static NamedFile Described(SharedFile file)
    {
        try
        {
            return file.Describe();
        }
        catch (UserException e)
        {
            // The path stays here: others know the file by its name.
            throw new RpcException(StatusCode.NotFound, $"'{file.Name}' cannot be read here: {e.Problems[0].What}", e);
        }
    }
}
