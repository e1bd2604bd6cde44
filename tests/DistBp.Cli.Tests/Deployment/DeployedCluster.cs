using System.Text.Json;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>
/// Does with processes on loopback what Kubernetes would do with the manifests: starts as many pods as a StatefulSet says, all at once, ends the
/// highest ones first, with SIGTERM and the time that they are granted.
/// </summary>
internal sealed class DeployedCluster(Manifests manifests, TemporaryFolder folder) : IDisposable
{
    private const string Secret = "a secret of tests";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3), Interval = TimeSpan.FromMilliseconds(300);

    private readonly LoopbackNames _names = new(manifests);
    private readonly Dictionary<string, DeployedPod> _pods = [];
    private readonly Dictionary<string, CommandRun> _running = [];

    /// <summary>Starts every StatefulSet with the replicas that it asks for.</summary>
    public void Apply()
    {
        foreach (ManifestNode set in manifests.StatefulSets) Scale(Manifests.NameOf(set), set["spec"]["replicas"].Number);
    }

    public void Scale(string set, int replicas)
    {
        for (int i = 0; i < replicas; i++)
        {
            DeployedPod pod = PodOf(set, i);
            if (!_running.ContainsKey(pod.Name)) _running[pod.Name] = CommandRun.StartWith(pod.Environment, folder, pod.Arguments);
        }
        End([.. _running.Keys.Where(name => OrdinalOf(set, name) >= replicas)]);
    }

    /// <summary>Ends all pods at once; each must go by itself.</summary>
    public void Delete() => End([.. _running.Keys]);

    /// <summary>Runs the submission's container.</summary>
    /// <param name="more">Arguments beyond the manifest's.</param>
    /// <returns>The job's id.</returns>
    public string Submit(params string[] more)
    {
        ManifestNode template = manifests.OfKind("Job").Single()["spec"]["template"]["spec"];
        DeployedPod pod = Deploy(new PodContainer(template, "distbp-train", Secret));
        using CommandRun run = CommandRun.StartWith(pod.Environment, folder, [.. pod.Arguments, .. more]);
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, $"the submission ended with {outcome.ExitCode}: {outcome.Error}");
        return outcome.Output.Trim();
    }

    /// <summary>Asks the coordinator, as `kubectl exec` would, until its answer is as wanted.</summary>
    public async Task<JsonElement> WaitForAsync(string what, Func<JsonElement, bool> wanted)
    {
        DeployedPod coordinator = PodOf("distbp-coordinator", 0);
        string address = _names.Resolve(coordinator.Name, "distbp-coordinator", 5600);
        CommandOutcome last = null!;
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); waited.Elapsed < Patience; await Task.Delay(Interval))
        {
            using CommandRun run = CommandRun.StartWith(coordinator.Environment, folder, "status", "--json", "--cluster", address);
            last = run.Wait();
            if (last.ExitCode != 0) continue;
            using JsonDocument status = JsonDocument.Parse(last.Output);
            if (wanted(status.RootElement)) return status.RootElement.Clone();
        }
        string told = string.Join('\n', _running.Select(r => $"{r.Key}: {r.Value.Told}"));
        throw new TimeoutException($"no {what} within {Patience}: {last.Output}{last.Error}\n{told}");
    }

    /// <summary>The job's run folder, which the coordinator's pod has written.</summary>
    public static string FolderOf(JsonElement job) => job.GetProperty("folder").GetString()!;

    public static JsonElement JobOf(JsonElement status, string id) =>
        status.GetProperty("jobs").EnumerateArray().Single(j => j.GetProperty("id").GetString() == id);

    public static int Active(JsonElement status, string role) => ActiveMembers(status, role).Count();

    /// <summary>Active ones that have made a step of a job.</summary>
    public static int Stepping(JsonElement status, string role) =>
        ActiveMembers(status, role).Count(m => m.GetProperty("stepSeconds").ValueKind == JsonValueKind.Number);

    public void Dispose()
    {
        foreach (CommandRun run in _running.Values) run.Dispose();
    }

    private static IEnumerable<JsonElement> ActiveMembers(JsonElement status, string role) => status.GetProperty("members").EnumerateArray()
        .Where(m => m.GetProperty("state").GetString() == "active" && m.GetProperty("roles").EnumerateArray().Any(r => r.GetString() == role));

    private void End(string[] leaving)
    {
        foreach (string name in leaving) _running[name].Signal("TERM");
        foreach (string name in leaving)
        {
            CommandOutcome end = _running[name].Wait();
            Assert.True(end.ExitCode == 0, $"{name} ended with {end.ExitCode}: {end.Error}");
            _running.Remove(name, out CommandRun? run);
            run!.Dispose();
        }
    }

    private DeployedPod PodOf(string set, int ordinal) => Deploy(new PodContainer(
        manifests.Find("StatefulSet", set)["spec"]["template"]["spec"], $"{set}-{ordinal}", Secret));

    /// <summary>Once a pod: nothing is written where a process may be reading.</summary>
    private DeployedPod Deploy(PodContainer container)
    {
        if (!_pods.TryGetValue(container.PodName, out DeployedPod? pod))
            _pods[container.PodName] = pod = new DeployedPod(container, _names, folder.File(container.PodName), manifests.Files);
        return pod;
    }

    /// <summary>-1 for a pod of another set.</summary>
    private static int OrdinalOf(string set, string pod) =>
        pod.StartsWith(set + "-", StringComparison.Ordinal) ? int.Parse(pod[(set.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture) : -1;
}
