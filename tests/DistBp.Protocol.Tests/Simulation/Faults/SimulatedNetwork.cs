using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// Connections between processes as TCP gives them: in order, or broken. A packet that is lost comes again later and holds up those behind it. What is repeated comes a second
/// time at any time later, so out of order; only what brings tensors into place does not, for no host sends that twice. A partition holds everything, in one direction or both.
/// Between coordinators and members tensors may have a lane of their own, without order to what has none (<see cref="NetworkLanes"/>).
/// </summary>
internal sealed class SimulatedNetwork(VirtualClock clock, Random random, NetworkQuality quality)
{
    private readonly Dictionary<(string From, string To, bool Tensors), Link> _links = [];
    private readonly HashSet<(string From, string To)> _cut = [];

    public int Carried { get; private set; }

    /// <param name="from">A process: a node and its incarnation.</param>
    /// <param name="deliver">At the other end; it is told whether the connection is the same still.</param>
    /// <param name="isControl">One of both is a coordinator.</param>
    public void Send(string from, string to, Message? message, Action deliver, bool isControl)
    {
        Carried++;
        bool ownLane = isControl && quality.Lanes != NetworkLanes.One && message is HandShard or ShardCaptured;
        Link link = LinkOf(from, to, ownLane);
        double delay = quality.Delay * (0.2 + random.NextDouble());
        if (random.NextDouble() < quality.Loss) delay += quality.Retransmission * (1 + random.NextDouble());
        if (random.NextDouble() < quality.Repeat && message is not (ShardCommitted or ShardCaptured or ShardRead)) deliver = Twice(from, to, deliver);
        if (_cut.Count > 0 && _cut.Contains((NodeOf(from), NodeOf(to))) && !(ownLane && quality.Lanes == NetworkLanes.Apart))
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
        foreach (((string From, string To, bool) ends, Link link) in _links)
        {
            if (NodeOf(ends.From) != from || NodeOf(ends.To) != to) continue;
            while (link.Held.TryDequeue(out Action? deliver)) Carry(link, quality.Delay, deliver);
        }
    }

    /// <summary>All that is under way between the two processes is gone.</summary>
    public void Break(string one, string other)
    {
        foreach ((string from, string to, bool tensors) in ((string, string, bool)[])[(one, other, false), (other, one, false), (one, other, true), (other, one, true)])
        {
            if (!_links.TryGetValue((from, to, tensors), out Link? link)) continue;
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

    private Link LinkOf(string from, string to, bool tensors)
    {
        if (!_links.TryGetValue((from, to, tensors), out Link? link)) _links[(from, to, tensors)] = link = new Link();
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
/// <param name="Lanes">Between coordinators and members.</param>
internal sealed record NetworkQuality(double Delay, double Loss, double Retransmission, double Repeat, NetworkLanes Lanes = NetworkLanes.One)
{
    public static NetworkQuality Good { get; } = new(0.5, 0, 0, 0);
}

internal enum NetworkLanes
{
    /// <summary>Everything goes in one order.</summary>
    One,

    /// <summary>Tensors, and what has none, overtake each other.</summary>
    Two,

    /// <summary>As <see cref="Two"/>, and a partition that holds the one lets the other through.</summary>
    Apart,
}
