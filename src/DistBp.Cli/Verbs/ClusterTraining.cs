using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Protocol.Effects;

namespace DistBp.Cli.Verbs;

/// <summary>distbp train --cluster: gives the job to a cluster, shows its progress, and fetches what it leaves.</summary>
/// <param name="outFolder">Where the run's folder is copied to; null: it stays on the coordinator's node.</param>
/// <param name="events">Where events go as they come: a file, or "-"; null: nowhere.</param>
internal sealed class ClusterTraining(ClusterClient client, ClusterChoice cluster, string? outFolder, string? events)
{
    public async Task<int> SubmitAsync(JobDescription job)
    {
        (string id, int before) = await client.SubmitAsync(job).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(id).ConfigureAwait(false);
        await Console.Error.WriteLineAsync(
            $"{Place(before)}; to see it: distbp status --cluster {cluster}; to end it: distbp cancel --cluster {cluster} {id}").ConfigureAwait(false);
        return 0;
    }

    public async Task<int> RunAsync(JobDescription job, bool quiet, Func<IProgressDisplay> createDisplay)
    {
        // Before anything is asked for: a run must not end with nowhere to put it.
        using RunFolder? folder = outFolder is null ? null : RunFolder.CreateAt(outFolder);
        using TextWriter? eventWriter = events is null ? null : OpenEvents(events);
        string id = await SubmitAsync(job, folder).ConfigureAwait(false);
        var location = new RunLocation();
        bool HasFolder() => folder is not null && location.Folder.Length > 0;
        RunResult result;
        try
        {
            using IProgressDisplay display = createDisplay();
            using var interruption = new Interruption(display.Tell, display.Abandon);
            using CancellationTokenRegistration cancelling = interruption.Token.UnsafeRegister(_ => Cancel(id, display), null);
            result = await client.WatchAsync(id, [location, display], eventWriter, display.OnWarning).ConfigureAwait(false);
        }
        catch (Exception) when (HasFolder())
        {
            // It tells how far it came. Where it is the cluster that failed, there is nobody to ask.
            await FetchOfFailedAsync(id, quiet).ConfigureAwait(false);
            throw;
        }
        if (HasFolder()) await FetchAsync(id, quiet).ConfigureAwait(false);
        if (result.Status != RunStatus.Interrupted) return 0;
        if (!quiet) await Console.Error.WriteLineAsync($"the run is in {location.Folder} on the coordinator's node").ConfigureAwait(false);
        return CommandEdge.Interrupted;
    }

    private static string Place(int before) => before == 0 ? "it begins at once" : $"{NumberText.Count(before, "job")} before it";

    private async Task<string> SubmitAsync(JobDescription job, RunFolder? folder)
    {
        try
        {
            (string id, int before) = await client.SubmitAsync(job).ConfigureAwait(false);
            if (before > 0) await Console.Error.WriteLineAsync($"{id} waits: {Place(before)}").ConfigureAwait(false);
            return id;
        }
        catch (UserException) when (folder is not null)
        {
            // It was made for a run that there is not.
            folder.Dispose();
            Directory.Delete(outFolder!, recursive: true);
            throw;
        }
    }

    private void Cancel(string id, IProgressDisplay display) => _ = Task.Run(async () =>
    {
        try
        {
            await client.CancelAsync(id).ConfigureAwait(false);
        }
        catch (UserException failed)
        {
            display.Tell($"{id} is not cancelled: {failed.Message}");
        }
    });

    private async Task FetchAsync(string id, bool quiet)
    {
        await client.FetchAsync(id, outFolder!, Console.Error.WriteLine).ConfigureAwait(false);
        if (!quiet) await Console.Error.WriteLineAsync($"the run's folder is copied to {outFolder}").ConfigureAwait(false);
    }

    private async Task FetchOfFailedAsync(string id, bool quiet)
    {
        try
        {
            await FetchAsync(id, quiet).ConfigureAwait(false);
        }
        catch (UserException failed)
        {
            await Console.Error.WriteLineAsync($"warning: the run's folder is not fetched: {failed.Message}").ConfigureAwait(false);
        }
    }

    private static TextWriter OpenEvents(string path)
    {
        try
        {
            return path == "-" ? Console.Out : new StreamWriter(path, append: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Usage, $"events cannot be written: {e.Message}", path, "choose another file with --events", e);
        }
    }
}
