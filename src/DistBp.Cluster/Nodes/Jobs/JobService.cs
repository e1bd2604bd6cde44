using System.Security.Cryptography;
using DistBp.Cluster.Configuration;
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

    public void AddTo(GrpcServices services)
    {
        services.Unary(ControlMethods.Submit, (submission, _) => Task.FromResult(Submit(submission)));
        services.Unary(ControlMethods.Cancel, (job, _) => Task.FromResult(new JobCancelled { WasRunning = queue.Cancel(job.Job) }));
        services.ServerStreaming(ControlMethods.Watch, WatchAsync);
        services.ServerStreaming(ControlMethods.Fetch, FetchAsync);
    }

    private JobAccepted Submit(JobSubmission submission)
    {
        try
        {
            if (!Path.IsPathFullyQualified(submission.BaseFolder))
                throw new RpcException(StatusCode.InvalidArgument, $"the job's base folder '{submission.BaseFolder}' is no absolute path");
            JobDescription job = JobFile.Parse(submission.Job, "the submitted job", [], "job", submission.BaseFolder);
            (QueuedJob queued, int before) = queue.Submit(job, new TrainingOptions { RunsFolder = runsFolder }, []);
            return new JobAccepted { Job = queued.Submitted.Id, Before = (uint)before };
        }
        catch (UserException wrong)
        {
            throw new RpcException(StatusCode.InvalidArgument, wrong.Message, wrong);
        }
    }

    private async Task WatchAsync(JobReference job, MessageWriter<RunEvent> events, ServerCall call)
    {
        await foreach (RunEvent e in queue.Find(job.Job).History.ReadAsync(call.Cancellation).ConfigureAwait(false))
            await events.WriteAsync(e, call.Cancellation).ConfigureAwait(false);
    }

    private async Task FetchAsync(FileRequest request, MessageWriter<FilePiece> pieces, ServerCall call)
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
