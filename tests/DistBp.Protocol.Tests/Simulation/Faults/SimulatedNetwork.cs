using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// Connections between processes as TCP gives them: in order, or broken. A packet that is lost comes again later and holds up those behind it. What is repeated comes a second
/// time at any time later, so out of order; only what brings tensors into place does not, for no host sends that twice. A partition holds everything, in one direction or both.
/// </summary>
internal sealed class SimulatedNetwork(VirtualClock clock, Random random, NetworkQuality quality)
{
    private readonly Dictionary<(string From, string To), Link> _links = [];
    private readonly HashSet<(string From, string To)> _cut = [];

    public int Carried { get; private set; }

    /// <param name="from">A process: a node and its incarnation.</param>
    /// <param name="deliver">At the other end; it is told whether the connection is the same still.</param>
    public void Send(string from, string to, Message? message, Action deliver)
    {
        Carried++;
        Link link = LinkOf(from, to);
        double delay = quality.Delay * (0.2 + random.NextDouble());
        if (random.NextDouble() < quality.Loss) delay += quality.Retransmission * (1 + random.NextDouble());
        if (random.NextDouble() < quality.Repeat && message is not (ShardCommitted or ShardCaptured or ShardRead)) deliver = Twice(from, to, deliver);
        if (_cut.Count > 0 && _cut.Contains((NodeOf(from), NodeOf(to))))
        {
            link.Held.Enqueue(deliver);
            return;
        }
        Carry(link, delay, deliver);
    }

    /// <param name="from">A node.</param>
    public void Cut(string from, string to) => _cut.Add((from, to));

    public void Heal(string from, string to)
    {
        _cut.Remove((from, to));
        foreach (((string From, string To) ends, Link link) in _links)
        {
            if (NodeOf(ends.From) != from || NodeOf(ends.To) != to) continue;
            while (link.Held.TryDequeue(out Action? deliver)) Carry(link, quality.Delay, deliver);
        }
    }

    /// <summary>All that is under way between the two processes is gone.</summary>
    public void Break(string one, string other)
    {
        foreach ((string From, string To) ends in ((string, string)[])[(one, other), (other, one)])
        {
            if (!_links.TryGetValue(ends, out Link? link)) continue;
            link.Number++;
            link.Held.Clear();
        }
    }

    public bool IsCut(string from, string to) => _cut.Contains((from, to));

    private Action Twice(string from, string to, Action deliver)
    {
        double later = random.NextDouble() * random.NextDouble() * 600;
        return () =>
        {
            deliver();
            clock.After(later, () => { if (!_cut.Contains((NodeOf(from), NodeOf(to)))) deliver(); });
        };
    }

    private void Carry(Link link, double delay, Action deliver)
    {
        link.Last = Math.Max(link.Last + 1e-6, clock.Now + delay);
        int number = link.Number;
        clock.At(link.Last, () => { if (number == link.Number) deliver(); });
    }

    private Link LinkOf(string from, string to)
    {
        if (!_links.TryGetValue((from, to), out Link? link)) _links[(from, to)] = link = new Link();
        return link;
    }

    private static string NodeOf(string process) => process[..process.IndexOf('#', StringComparison.Ordinal)];

    private sealed class Link
    {
        public double Last { get; set; }

        public int Number { get; set; }

        public Queue<Action> Held { get; } = new();
    }
}

/// <param name="Delay">Of a packet, milliseconds, about.</param>
/// <param name="Loss">Share of packets that must be sent again.</param>
/// <param name="Retransmission">After how many milliseconds.</param>
/// <param name="Repeat">Share of messages that arrive twice.</param>
internal sealed record NetworkQuality(double Delay, double Loss, double Retransmission, double Repeat)
{
    public static NetworkQuality Good { get; } = new(0.5, 0, 0, 0);
}
