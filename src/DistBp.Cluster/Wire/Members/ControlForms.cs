using DistBp.Protocol.Messages;
using static DistBp.Cluster.Wire.Members.Contract.Envelope;

namespace DistBp.Cluster.Wire.Members;

/// <summary>Of the messages in ControlMessages.cs of the protocol.</summary>
internal static class ControlForms
{
    public static IReadOnlyList<MessageForm> All { get; } =
    [
        new MessageForm<Assign>(
            BodyOneofCase.Assign,
            (m, e, _) => e.Assign = new()
            {
                Assignment = m.Assignment.ToContract(), Previous = m.Previous?.ToContract(), Version = m.Version, MaxSkips = m.MaxSkips,
                SkipsInRow = m.SkipsInRow, LostServers = { m.LostServers }, Unfilled = { m.Unfilled.Select(ContractValues.ToContract) }, KeepsReports = m.KeepsReports, Restored = m.Restored,
                Course = m.Course?.ToContract(),
            },
            (e, _, ref _) => new(
                e.Assign.Assignment.ToProtocol(), e.Assign.Previous is { } previous ? previous.ToProtocol() : null, e.Assign.Version,
                e.Assign.MaxSkips, e.Assign.SkipsInRow)
            {
                LostServers = [.. e.Assign.LostServers], Unfilled = [.. e.Assign.Unfilled.Select(ContractValues.ToProtocol)], KeepsReports = e.Assign.KeepsReports, Restored = e.Assign.Restored,
                Course = e.Assign.Course?.ToProtocol(),
            }),
        new MessageForm<Suspend>(
            BodyOneofCase.Suspend,
            (m, e, _) => e.Suspend = new() { Reported = m.Reported },
            (e, g, ref _) => new(g, e.Suspend.Reported)),
        new MessageForm<Suspended>(
            BodyOneofCase.Suspended,
            (m, e, _) => e.Suspended = new()
            {
                Server = m.Server, Version = m.Version, SkipsInRow = m.SkipsInRow, Decided = { m.Decided.Select(ReportValues.ToPart) },
                Reports = { ReportValues.ToContract(m.Reports) },
            },
            (e, g, ref _) => new(g, e.Suspended.Server, e.Suspended.Version, e.Suspended.SkipsInRow)
            {
                Decided = [.. e.Suspended.Decided.Select(ReportValues.FromPart)], Reports = e.Suspended.Reports.ToProtocol(),
            }),
        new MessageForm<Complete>(
            BodyOneofCase.Complete,
            (m, e, _) => e.Complete = new() { Norms = { m.Norms.Select(ReportValues.ToPart) } },
            (e, g, ref _) => new(g) { Norms = [.. e.Complete.Norms.Select(ReportValues.FromPart)] }),
        new MessageForm<ServerReady>(
            BodyOneofCase.ServerReady,
            (m, e, _) => e.ServerReady = new() { Server = m.Server },
            (e, g, ref _) => new(g, e.ServerReady.Server)),
        new MessageForm<CopyFilled>(
            BodyOneofCase.CopyFilled,
            (m, e, _) => e.CopyFilled = new() { Backup = m.Backup, Owner = m.Owner },
            (e, g, ref _) => new(g, e.CopyFilled.Backup, e.CopyFilled.Owner)),
        new MessageForm<WorkerReady>(
            BodyOneofCase.WorkerReady,
            (m, e, _) => e.WorkerReady = new() { Worker = m.Worker },
            (e, g, ref _) => new(g, e.WorkerReady.Worker)),
        new MessageForm<Proceed>(
            BodyOneofCase.Proceed,
            (m, e, _) => e.Proceed = new() { From = m.From, Until = m.Until, RateFactor = m.RateFactor, Course = m.Course?.ToContract() },
            (e, g, ref _) => new(g, e.Proceed.From, e.Proceed.Until, e.Proceed.RateFactor) { Course = e.Proceed.Course?.ToProtocol() }),
        new MessageForm<RequestHalt>(
            BodyOneofCase.RequestHalt,
            (m, e, _) => e.RequestHalt = new(),
            (e, g, ref _) => new(g)),
        new MessageForm<ServerStopped>(
            BodyOneofCase.ServerStopped,
            (m, e, _) => e.ServerStopped = new() { Server = m.Server, Version = m.Version },
            (e, g, ref _) => new(g, e.ServerStopped.Server, e.ServerStopped.Version)),
        new MessageForm<CaptureShard>(
            BodyOneofCase.CaptureShard,
            (m, e, _) => e.CaptureShard = new() { Target = (Contract.CaptureTarget)m.Target, Version = m.Version },
            (e, g, ref _) => new(g, e.CaptureShard.Target.ToProtocol(), e.CaptureShard.Version)),
        new MessageForm<ShardCaptured>(
            BodyOneofCase.ShardCaptured,
            (m, e, _) => e.ShardCaptured = new()
            {
                Server = m.Server, Target = (Contract.CaptureTarget)m.Target, Version = m.Version, Digests = { m.Digests.Select(ContractValues.ToContract) },
            },
            (e, g, ref _) => new(g, e.ShardCaptured.Server, e.ShardCaptured.Target.ToProtocol(), e.ShardCaptured.Version)
            {
                Digests = [.. e.ShardCaptured.Digests.Select(ContractValues.ToProtocol)],
            }),
        new MessageForm<RestoreBest>(
            BodyOneofCase.RestoreBest,
            (m, e, _) => e.RestoreBest = new() { Version = m.Version, Course = m.Course?.ToContract() },
            (e, g, ref _) => new(g, e.RestoreBest.Version) { Course = e.RestoreBest.Course?.ToProtocol() }),
        new MessageForm<ShowExact>(
            BodyOneofCase.ShowExact,
            (m, e, _) => e.ShowExact = new() { Version = m.Version, Course = m.Course?.ToContract() },
            (e, g, ref _) => new(g, e.ShowExact.Version) { Course = e.ShowExact.Course?.ToProtocol() }),
        new MessageForm<BestRestored>(
            BodyOneofCase.BestRestored,
            (m, e, _) => e.BestRestored = new() { Server = m.Server },
            (e, g, ref _) => new(g, e.BestRestored.Server)),
    ];
}
