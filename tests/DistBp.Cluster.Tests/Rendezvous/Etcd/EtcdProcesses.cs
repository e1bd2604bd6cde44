using DistBp.Cluster.Tests.Storage;
using DistBp.Tests.Shared;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>An etcd cluster of this test, with its data in a temporary folder.</summary>
internal sealed class EtcdProcesses : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly EtcdMembers _members;

    private EtcdProcesses(TemporaryFolder folder, EtcdMembers members) => (_folder, _members) = (folder, members);

    public IReadOnlyList<string> Endpoints => _members.Endpoints;

    public static async Task<EtcdProcesses> StartAsync(int members)
    {
        var folder = new TemporaryFolder();
        try
        {
            return new EtcdProcesses(folder, await EtcdMembers.StartAsync(folder.Path, members));
        }
        catch (TimeoutException)
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The process stands still, and its connections stay open.</summary>
    public void Freeze(int member) => _members.Signal(member, ProcessSignal.Stop);

    public void Thaw(int member) => _members.Signal(member, ProcessSignal.Continue);

    public Task KillAsync(int member) => _members.KillAsync(member);

    public async ValueTask DisposeAsync()
    {
        await _members.DisposeAsync();
        _folder.Dispose();
    }
}
