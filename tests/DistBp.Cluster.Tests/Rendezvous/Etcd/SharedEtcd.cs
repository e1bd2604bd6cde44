namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>Started by the first test that needs it, for where there is no etcd the tests are skipped.</summary>
public sealed class SharedEtcd : IAsyncLifetime
{
    private Task<EtcdProcesses>? _started;
    private int _prefixes;

    internal Task<EtcdProcesses> StartedAsync() => _started ??= EtcdProcesses.StartAsync(members: 1);

    internal string NewPrefix() => $"/test-{++_prefixes}";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_started is { } started) await (await started).DisposeAsync();
    }
}
