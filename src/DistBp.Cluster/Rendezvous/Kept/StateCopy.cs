using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Akka;
using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Kept;

/// <summary>A copy of the coordinator's state, in a folder. It takes no word of a reign that is older than one that it has heard of.</summary>
internal sealed class StateCopy
{
    private const string Suffix = ".kept", ReignName = "reign";

    private readonly string _folder;
    private readonly Dictionary<string, KeptValue> _values = [];
    private ReignHeld _reign = new();

    /// <param name="folder">This copy's alone.</param>
    public StateCopy(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(folder, "*" + Suffix))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            // What is damaged others have.
            if (StateFrame.Read(name, File.ReadAllBytes(file)).Value is not { } bytes) continue;
            if (name == ReignName) _reign = ReignHeld.Parser.ParseFrom(bytes);
            else _values[name] = KeptValue.Parser.ParseFrom(bytes);
        }
    }

    public KeptSummary Summary
    {
        get
        {
            IEnumerable<string> names = _reign.Names.Union(_values.Values.Where(v => v.Term == _reign.Term).Select(v => v.Name));
            return new KeptSummary { Term = _reign.Term, Names = { names }, Values = _values.Count };
        }
    }

    public IReadOnlyCollection<KeptValue> Values => _values.Values;

    public KeepingAnswer Follow(ReignHeld reign)
    {
        if (reign.Term > _reign.Term)
        {
            _reign = reign;
            Write(ReignName, reign);
            foreach (string name in _values.Values.Where(v => v.Term < reign.Term && !reign.Names.Contains(v.Name)).Select(v => v.Name).ToArray())
            {
                _values.Remove(name);
                File.Delete(FileOf(name));
            }
        }
        return new KeepingAnswer { Term = _reign.Term, Number = reign.Number };
    }

    /// <returns>Null where it is of a reign that this copy does not follow, or not yet.</returns>
    public KeepingAnswer? Keep(KeptValue value)
    {
        if (value.Term != _reign.Term) return null;
        if (!_values.TryGetValue(value.Name, out KeptValue? held) || (held.Term, held.Number).CompareTo((value.Term, value.Number)) < 0)
        {
            _values[value.Name] = value;
            Write(value.Name, value);
        }
        return new KeepingAnswer { Term = _reign.Term, Number = value.Number };
    }

    private void Write(string name, IMessage content) => DurableFile.Replace(FileOf(name), StateFrame.Write(name, content.ToByteArray()));

    private string FileOf(string name) => Path.Combine(_folder, name + Suffix);
}
