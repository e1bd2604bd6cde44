using DistBp.Cluster.Rendezvous.Kept;
using DistBp.Cluster.Wire.Akka;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Rendezvous.Kept;

/// <summary>Keepers with their copies, and the messages between them and a reign: delivered one by one, and lost where a keeper is away.</summary>
internal sealed class KeptCluster : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distbp-kept-");
    private readonly Dictionary<string, StateCopy> _copies = [];
    private readonly HashSet<string> _away = [];
    private readonly List<string> _gone = [];

    public KeptCluster(params string[] keepers)
    {
        foreach (string keeper in keepers) Start(keeper);
    }

    public Keepers<string> Keepers => new([.. _copies.Keys.Where(k => !_gone.Contains(k))], _away.Except(_gone).ToHashSet());

    /// <summary>The keeper is here, with what is in its folder.</summary>
    public void Start(string keeper)
    {
        _copies[keeper] = new StateCopy(Path.Combine(_folder.FullName, keeper));
        _away.Remove(keeper);
        _gone.Remove(keeper);
    }

    /// <summary>The keeper cannot be reached.</summary>
    public void Cut(string keeper) => _away.Add(keeper);

    /// <summary>The keeper is taken out of the cluster.</summary>
    public void Remove(string keeper)
    {
        _away.Add(keeper);
        _gone.Add(keeper);
    }

    public TestReign Begin() => new(this);

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A reign, and what it is told in answer.</summary>
    internal sealed class TestReign
    {
        private readonly KeptCluster _cluster;
        private readonly KeptReign<string> _reign;
        private readonly Queue<(string Keeper, IMessage Answer)> _answers = new();

        public TestReign(KeptCluster cluster)
        {
            _cluster = cluster;
            _reign = new KeptReign<string>(Send, () => 0, (term, values) => (Term, Values) = (term, values), _ => HeldCount++);
        }

        /// <summary>0: it has not begun.</summary>
        public long Term { get; private set; }

        public int HeldCount { get; private set; }

        /// <summary>Of the reigns before.</summary>
        public IReadOnlyDictionary<string, byte[]> Values { get; private set; } = new Dictionary<string, byte[]>();

        /// <summary>One interval: all that is sent, and answered, arrives.</summary>
        public void Tick()
        {
            _reign.OnTick(_cluster.Keepers);
            while (_answers.TryDequeue(out (string Keeper, IMessage Answer) next))
            {
                if (next.Answer is KeptSummary summary) _reign.OnSummary(next.Keeper, summary, _cluster.Keepers);
                else if (next.Answer is KeptValue value) _reign.OnValue(next.Keeper, value, _cluster.Keepers);
                else _reign.OnAnswer(next.Keeper, (KeepingAnswer)next.Answer, _cluster.Keepers);
            }
        }

        /// <returns>Completes when it is kept.</returns>
        public Task Change(string name, string? value)
        {
            var change = new StateChange(name, value is null ? null : System.Text.Encoding.UTF8.GetBytes(value));
            _reign.OnChange(change, _cluster.Keepers);
            return change.Done.Task;
        }

        public string ValueOf(string name) => System.Text.Encoding.UTF8.GetString(Values[name]);

        private void Send(string keeper, IMessage message)
        {
            if (_cluster._away.Contains(keeper)) return;
            StateCopy copy = _cluster._copies[keeper];
            switch (message)
            {
                case StateSought:
                    _answers.Enqueue((keeper, copy.Summary));
                    foreach (KeptValue value in copy.Values) _answers.Enqueue((keeper, value));
                    break;
                case ReignHeld held: _answers.Enqueue((keeper, copy.Follow(held))); break;
                case KeptValue value when copy.Keep(value) is { } answer: _answers.Enqueue((keeper, answer)); break;
            }
        }
    }
}
