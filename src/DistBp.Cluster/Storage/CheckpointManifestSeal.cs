using System.Security.Cryptography;
using System.Text;

namespace DistBp.Cluster.Storage;

/// <summary>
/// The manifest's hash of itself. The file ends with `"manifestSha256": "H"`, newline, brace, newline, where H is the SHA-256 of the whole
/// file with H's own 64 digits taken as zeros: so each byte of the file, its last newline included, is covered.
/// </summary>
internal static class CheckpointManifestSeal
{
    public const string Key = "manifestSha256";
    public static readonly string Blank = new('0', SHA256.HashSizeInBytes * 2);
    private static readonly byte[] Before = Encoding.UTF8.GetBytes($"\"{Key}\": \"");
    private static readonly byte[] After = "\"\n}\n"u8.ToArray();

    /// <summary>Puts the hash in the place of the blank one.</summary>
    public static void Apply(Span<byte> manifest)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(manifest));
        Encoding.UTF8.GetBytes(hash, Digits(manifest));
    }

    public static bool IsIntact(ReadOnlySpan<byte> manifest)
    {
        if (manifest.Length < Before.Length + Blank.Length + After.Length || !manifest.EndsWith(After)) return false;
        byte[] blanked = manifest.ToArray();
        Span<byte> digits = Digits(blanked);
        string claimed = Encoding.UTF8.GetString(digits);
        digits.Fill((byte)'0');
        bool hasKey = manifest[..^(After.Length + Blank.Length)].EndsWith(Before);
        return hasKey && claimed == Convert.ToHexStringLower(SHA256.HashData(blanked));
    }

    private static Span<byte> Digits(Span<byte> manifest) => manifest[^(After.Length + Blank.Length)..^After.Length];
}
