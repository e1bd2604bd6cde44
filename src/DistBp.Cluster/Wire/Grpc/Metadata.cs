using System.Collections;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>
/// Pairs beside a call's messages. Names are lower-case letters, digits, '-', '_' and '.'; a value is printable ASCII, or, where the name ends
/// in "-bin", any bytes (they travel as base64). A name may occur more than once.
/// </summary>
internal sealed class Metadata : IEnumerable<KeyValuePair<string, string>>
{
    public static readonly Metadata Empty = [];

    private const string BinarySuffix = "-bin";
    private readonly List<KeyValuePair<string, string>> _entries = [];

    /// <exception cref="ArgumentException">The name or the value may not travel in a header.</exception>
    public void Add(string name, string value)
    {
        CheckName(name);
        if (name.EndsWith(BinarySuffix, StringComparison.Ordinal)) throw new ArgumentException($"'{name}' takes bytes.", nameof(value));
        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~')) throw new ArgumentException($"The value of '{name}' is not printable ASCII.", nameof(value));
        _entries.Add(new(name, value));
    }

    /// <exception cref="ArgumentException">The name may not travel in a header, or does not end in "-bin".</exception>
    public void Add(string name, ReadOnlySpan<byte> value)
    {
        CheckName(name);
        if (!name.EndsWith(BinarySuffix, StringComparison.Ordinal)) throw new ArgumentException($"'{name}' with bytes must end in -bin.", nameof(name));
        // Padding is optional in gRPC; without it the value has no character that a header might mind.
        _entries.Add(new(name, Convert.ToBase64String(value).TrimEnd('=')));
    }

    /// <summary>The first value of that name, as it travels; null where there is none.</summary>
    public string? Get(string name)
    {
        foreach ((string key, string value) in _entries)
        {
            if (key == name) return value;
        }
        return null;
    }

    /// <summary>The bytes of a "-bin" entry; null where there is none or it is no base64.</summary>
    public byte[]? GetBytes(string name)
    {
        if (Get(name) is not { } value) return null;
        string padded = value.PadRight((value.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, bytes, out int count) ? bytes[..count] : null;
    }

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>One that came in: taken as it is, but for the headers that belong to HTTP/2 and gRPC themselves.</summary>
    internal void AddReceived(string name, string value)
    {
        name = name.ToLowerInvariant();
        if (IsReserved(name)) return;
        // Several values of a "-bin" name may come joined by commas.
        foreach (string one in name.EndsWith(BinarySuffix, StringComparison.Ordinal) ? value.Split(',') : [value]) _entries.Add(new(name, one.Trim()));
    }

    private static bool IsReserved(string name)
        => name.StartsWith("grpc-", StringComparison.Ordinal) || name.StartsWith(':')
            || name is "content-type" or "te" or "host" or "content-length" or "date" or "server" or "trailer";

    private static void CheckName(string name)
    {
        if (name.Length == 0 || !name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_' or '.') || IsReserved(name))
            throw new ArgumentException($"'{name}' is no name for metadata.", nameof(name));
    }
}
