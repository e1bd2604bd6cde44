using System.Threading.Channels;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using Google.Protobuf;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Lanes;

namespace DistBp.Cluster.Tests.Hosting;

/// <summary>Carries the words of memberships between nodes in this process, in order, as bytes; and loses those that it is told to.</summary>
internal sealed class WordCarrier : IAsyncDisposable
{
    private const int MaxWaiting = 1 << 16;

    private readonly Channel<Action> _actions = Channel.CreateBounded<Action>(MaxWaiting);
    private readonly Dictionary<int, CarriedSession> _sessions = [];
    private readonly CancellationTokenSource _over = new();
    private readonly Task _running;
    private readonly Task _ticking;
    private MemberSessions<int>? _members;
    private int _last;

    public WordCarrier()
    {
        (_running, _ticking) = (RunAsync(), TickAsync());
    }

    /// <summary>Told each piece of a lane that is to be carried, and whether it goes to the coordinator; true: it is lost on the way.</summary>
    public Func<LanePiece, bool, bool> Loses { get; set; } = (_, _) => false;

    public IRendezvous Of(ClusterConfiguration c) => new CarriedRendezvous(StaticRendezvous.Of(c), this);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _actions.Writer.TryComplete();
        await Task.WhenAll(_running, _ticking);
        _over.Dispose();
    }

    private void Post(Action what) => _actions.Writer.TryWrite(what);

    private async Task RunAsync()
    {
        await foreach (Action what in _actions.Reader.ReadAllAsync()) what();
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token)) Post(OnTick);
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    private void OnTick()
    {
        if (_members is not { } members) return;
        foreach ((int node, CarriedSession session) in _sessions.ToArray()) ToCoordinator(node, session.Speak());
        members.Look(_ => true);
    }

    private Action Carry(CarriedSession session)
    {
        int node = Interlocked.Increment(ref _last);
        session.Tell = word => ToCoordinator(node, word);
        Post(() => _sessions.Add(node, session));
        return () => Post(() =>
        {
            _sessions.Remove(node);
            _members?.End(node, "the node has gone");
        });
    }

    private void ToCoordinator(int node, IMessage word)
    {
        if (word is LanePiece piece && Loses(piece, true)) return;
        IMessage sent = Copy(word);
        Post(() =>
        {
            if (sent is JoinSought join) _members?.Join(join, node);
            else if (sent is Heartbeat heartbeat) _members?.Hear(heartbeat, node);
            else if (sent is LanePiece p) _members?.Hear(p, node);
        });
    }

    private void ToNode(int node, IMessage word)
    {
        if (word is LanePiece piece && Loses(piece, false)) return;
        IMessage sent = Copy(word);
        Post(() => _sessions.GetValueOrDefault(node)?.Hear(sent));
    }

    private static IMessage Copy(IMessage word) => word.Descriptor.Parser.ParseFrom(word.ToByteString());

    private sealed class CarriedRendezvous(StaticRendezvous inner, WordCarrier carrier) : IRendezvous
    {
        public bool Elects => false;

        public Task<NodeAddress> FindAsync(CancellationToken cancellation) => inner.FindAsync(cancellation);

        public Task<ICoordinatorStore> ReignAsync(NodeAddress self, CancellationToken cancellation) => inner.ReignAsync(self, cancellation);

        public IMembershipSession Open(NodeContext node, CancellationToken abort) => new CarriedSession(node, carrier.Carry, abort);

        public void Receive(NodeContext node, JoinService joining, ClusterMembers members)
        {
            var sessions = new MemberSessions<int>(node, joining, members, carrier.ToNode);
            carrier.Post(() => carrier._members = sessions);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
