using DistBp.Protocol;
using DistBp.Protocol.Messages;
using static DistBp.Cluster.Wire.Members.Contract.Envelope;

namespace DistBp.Cluster.Wire.Members;

/// <summary>Of the messages between a coordinator that takes over and the servers; the envelope's generation has the term.</summary>
internal static class TakeoverForms
{
    public static IReadOnlyList<MessageForm> All { get; } =
    [
        new MessageForm<TakeOver>(
            BodyOneofCase.TakeOver,
            (m, e, _) => e.TakeOver = new(),
            (e, g, ref _) => new(Term(g))),
        new MessageForm<ServerStanding>(
            BodyOneofCase.ServerStanding,
            (m, e, _) => e.ServerStanding = new()
            {
                Server = m.Server, Held = m.Held?.ToContract(), Loaded = m.Loaded?.ToContract(), Version = m.Version, SkipsInRow = m.SkipsInRow,
                UnfilledOfHeld = { m.UnfilledOfHeld }, UnfilledOfLoaded = { m.UnfilledOfLoaded }, Restored = m.Restored, Course = m.Course?.ToContract(), Decided = { m.Decided.Select(ReportValues.ToPart) },
                Reports = { ReportValues.ToContract(m.Reports) },
            },
            (e, g, ref _) => new(
                Term(g), e.ServerStanding.Server, e.ServerStanding.Held is { } held ? held.ToProtocol() : null,
                e.ServerStanding.Loaded is { } loaded ? loaded.ToProtocol() : null, e.ServerStanding.Version, e.ServerStanding.SkipsInRow)
            {
                UnfilledOfHeld = [.. e.ServerStanding.UnfilledOfHeld], UnfilledOfLoaded = [.. e.ServerStanding.UnfilledOfLoaded],
                Restored = e.ServerStanding.Restored, Course = e.ServerStanding.Course?.ToProtocol(),
                Decided = [.. e.ServerStanding.Decided.Select(ReportValues.FromPart)],
                Reports = e.ServerStanding.Reports.ToProtocol(),
            }),
    ];

    private static int Term(Generation generation) =>
        generation.Number == 0 ? generation.Term : throw ContractValues.Malformed($"a word to take over in an assignment, {generation}");
}
