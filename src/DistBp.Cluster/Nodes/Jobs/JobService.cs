using System.Security.Cryptography;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>What clients do with jobs: distbp.v1.Cluster/Submit, Cancel, Watch and Fetch.</summary>
/// <param name="runsFolder">Where jobs get their runs' folders.</param>
internal sealed class JobService(JobQueue queue, string runsFolder)
{
    private const int PieceBytes = 32 << 10;

    public async Task<JobAccepted> SubmitAsync(JobSubmission submission)
    {
        JobDescription job;
        try
        {
            if (!Path.IsPathFullyQualified(submission.BaseFolder))
                throw new RpcException(StatusCode.InvalidArgument, $"the job's base folder '{submission.BaseFolder}' is no absolute path");
            job = JobFile.Parse(submission.Job, "the submitted job", [], "job", submission.BaseFolder);
        }
        catch (UserException wrong)
        {
            throw new RpcException(StatusCode.InvalidArgument, wrong.Message, wrong);
        }
        (QueuedJob queued, int before) = await DurablyAsync(() => queue.SubmitAsync(job, new TrainingOptions { RunsFolder = runsFolder }, [])).ConfigureAwait(false);
        return new JobAccepted { Job = queued.Submitted.Id, Before = (uint)before };
    }

    public Task<JobCancelled> CancelAsync(string job) =>
        DurablyAsync(async () => new JobCancelled { WasRunning = await queue.CancelAsync(job).ConfigureAwait(false) });

    public async Task WatchAsync(WatchRequest request, MessageWriter<RunEvent> events, ServerCall call)
    {
        EventHistory history = queue.Find(request.Job).History;
        await events.WriteAsync(new RunEvent { Term = queue.Term }, call.Cancellation).ConfigureAwait(false);
        long seen = request.Term == queue.Term ? (long)Math.Min(request.Seen, long.MaxValue) : 0;
        await foreach (RunEvent e in history.ReadAsync(seen, call.Cancellation).ConfigureAwait(false))
            await events.WriteAsync(e, call.Cancellation).ConfigureAwait(false);
    }

    public async Task FetchAsync(FileRequest request, MessageWriter<FilePiece> pieces, ServerCall call)
    {
        if (queue.Find(request.Job).Recorder.Started?.Folder is not { } folder)
            throw new RpcException(StatusCode.FailedPrecondition, $"the job '{request.Job}' has no run's folder: it has not begun");
        foreach (string path in RunFiles.List(folder, request.Path))
        {
            try
            {
                await SendAsync(RunFiles.Locate(folder, path), path, pieces, call.Cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // A checkpoint that was deleted meanwhile, for newer ones.
            }
        }
    }

    private static async Task<T> DurablyAsync<T>(Func<Task<T>> change)
    {
        try
        {
            return await change().ConfigureAwait(false);
        }
        catch (UserException unwritten)
        {
            throw new RpcException(StatusCode.Internal, unwritten.Message, unwritten);
        }
        catch (ReignEndedException over)
        {
            throw new RpcException(StatusCode.Unavailable, over.Message, over);
        }
    }

    private static async Task SendAsync(string file, string path, MessageWriter<FilePiece> pieces, CancellationToken cancellation)
    {
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, useAsync: true);
        await using (stream.ConfigureAwait(false))
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[PieceBytes];
            // What is appended from now on is not waited for.
            for (long left = stream.Length; ;)
            {
                int count = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(PieceBytes, left)), cancellation).ConfigureAwait(false);
                hash.AppendData(buffer, 0, count);
                left -= count;
                var piece = new FilePiece { Path = path, Content = ByteString.CopyFrom(buffer, 0, count) };
                bool last = left == 0 || count == 0;
                if (last) piece.Sha256 = ByteString.CopyFrom(hash.GetHashAndReset());
                await pieces.WriteAsync(piece, cancellation).ConfigureAwait(false);
                if (last) return;
            }
        }
    }
}
