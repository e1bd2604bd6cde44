using Akka.Actor;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Akka;
using Google.Protobuf;

namespace DistBp.Akka;

/// <summary>A copy of the coordinator's state, on a node that may become the coordinator, and on its disk. It takes no word of a reign that is older than one that it has heard of.</summary>
internal sealed class StateKeeper : ReceiveActor
{
    public const string Name = "keeper";
    private const string Suffix = ".kept", ReignFile = "reign";

    private readonly string _folder;
    private readonly Dictionary<string, KeptValue> _values = [];
    private ReignHeld _reign = new();

    /// <param name="folder">This keeper's alone.</param>
    public StateKeeper(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        Load();
        Receive<StateSought>(_ => Tell());
        Receive<ReignHeld>(Follow);
        Receive<KeptValue>(Keep);
    }

    private void Tell()
    {
        IEnumerable<string> names = _reign.Names.Union(_values.Values.Where(v => v.Term == _reign.Term).Select(v => v.Name));
        Sender.Tell(new KeptSummary { Term = _reign.Term, Names = { names }, Values = _values.Count });
        foreach (KeptValue value in _values.Values) Sender.Tell(value);
    }

    private void Follow(ReignHeld reign)
    {
        if (reign.Term > _reign.Term)
        {
            _reign = reign;
            Write(ReignFile, reign);
            foreach (string name in _values.Values.Where(v => v.Term < reign.Term && !reign.Names.Contains(v.Name)).Select(v => v.Name).ToArray())
            {
                _values.Remove(name);
                File.Delete(FileOf(name));
            }
        }
        Answer(reign.Number);
    }

    private void Keep(KeptValue value)
    {
        // The reign itself is kept first: a value cannot come before it is known that it may.
        if (value.Term != _reign.Term) return;
        if (!_values.TryGetValue(value.Name, out KeptValue? held) || (held.Term, held.Number).CompareTo((value.Term, value.Number)) < 0)
        {
            _values[value.Name] = value;
            Write(value.Name, value);
        }
        Answer(value.Number);
    }

    private void Answer(long number) => Sender.Tell(new KeepingAnswer { Term = _reign.Term, Number = number });

    private void Load()
    {
        foreach (string file in Directory.EnumerateFiles(_folder, "*" + Suffix))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            // What is damaged others have.
            if (StateFrame.Read(name, File.ReadAllBytes(file)).Value is not { } bytes) continue;
            if (name == ReignFile) _reign = ReignHeld.Parser.ParseFrom(bytes);
            else _values[name] = KeptValue.Parser.ParseFrom(bytes);
        }
    }

    private void Write(string name, IMessage content) => DurableFile.Replace(FileOf(name), StateFrame.Write(name, content.ToByteArray()));

    private string FileOf(string name) => Path.Combine(_folder, name + Suffix);
}
