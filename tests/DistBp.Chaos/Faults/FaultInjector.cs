using DistBp.Chaos.Links;
using DistBp.Chaos.Processes;
using DistBp.Tests.Shared;

namespace DistBp.Chaos.Faults;

/// <summary>Makes a fault happen, and ends it.</summary>
internal sealed class FaultInjector(ChaosCluster cluster, ChaosFolder folder)
{
    private const int MaxDelayMilliseconds = 5, FillMilliseconds = 50;

    /// <param name="coordinator">Who it is now.</param>
    public Task InjectAsync(Fault fault, string coordinator, CancellationToken cancellation) => fault.Kind switch
    {
        FaultKind.Kill => KillAsync(fault.Victim, fault.Length, cancellation),
        FaultKind.KillCoordinator => KillAsync(coordinator, fault.Length, cancellation),
        FaultKind.FreezeCoordinator => StopAsync(coordinator, fault.Length, cancellation),
        FaultKind.KillEtcd => KillEtcdAsync(fault, cancellation),
        FaultKind.ShortPause or FaultKind.Freeze => StopAsync(fault.Victim, fault.Length, cancellation),
        FaultKind.Cut => CutAsync(fault),
        FaultKind.Partition => LinkAsync(fault, LinkState.Undisturbed with { Sends = false, Hears = false }, cancellation),
        FaultKind.Mute => LinkAsync(fault, LinkState.Undisturbed with { Sends = false }, cancellation),
        FaultKind.Deaf => LinkAsync(fault, LinkState.Undisturbed with { Hears = false }, cancellation),
        FaultKind.SlowLink => LinkAsync(fault, LinkState.Undisturbed with { Delay = TimeSpan.FromMilliseconds(MaxDelayMilliseconds) }, cancellation),
        FaultKind.FullDisk => FillAsync(fault.Length, cancellation),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "no kind of fault"),
    };

    private async Task KillAsync(string name, TimeSpan length, CancellationToken cancellation)
    {
        await cluster.KillAsync(name);
        await Task.Delay(length, cancellation);
        cluster.Start(name);
    }

    private async Task KillEtcdAsync(Fault fault, CancellationToken cancellation)
    {
        EtcdMembers etcd = cluster.Etcd!;
        int member = etcd.Find(fault.Victim);
        await etcd.KillAsync(member);
        await Task.Delay(fault.Length, cancellation);
        etcd.Start(member);
        await etcd.HealthyAsync();
    }

    private async Task StopAsync(string name, TimeSpan length, CancellationToken cancellation)
    {
        CommandProcess process = cluster[name];
        process.Signal(ProcessSignal.Stop);
        await Task.Delay(length, cancellation);
        process.Signal(ProcessSignal.Continue);
    }

    private Task CutAsync(Fault fault)
    {
        cluster.Network.Cut(fault.Victim);
        return Task.CompletedTask;
    }

    private async Task LinkAsync(Fault fault, LinkState state, CancellationToken cancellation)
    {
        cluster.Network.Set(fault.Victim, state);
        await Task.Delay(fault.Length, cancellation);
        cluster.Network.Set(fault.Victim, LinkState.Undisturbed);
    }

    private async Task FillAsync(TimeSpan length, CancellationToken cancellation)
    {
        SmallDisk disk = folder.Disk!;
        try
        {
            for (TimeSpan filled = TimeSpan.Zero; filled < length; filled += TimeSpan.FromMilliseconds(FillMilliseconds))
            {
                disk.Fill();
                await Task.Delay(FillMilliseconds, cancellation);
            }
        }
        finally
        {
            disk.Free();
        }
    }
}
