using System.Globalization;
using System.Security.Cryptography;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>
/// Where segments of shared memory lie and what their files are called: distbp-NAMESPACE-PROCESS-START-RANDOM. The name tells whose it is, so that
/// what a killed process has left behind can be removed, and nobody guesses it.
/// </summary>
internal static class SegmentFile
{
    private const string Prefix = "distbp-";

    /// <summary>Memory first; a disk's folder where that is full or missing.</summary>
    public static IReadOnlyList<string> Folders { get; } = [.. new[] { "/dev/shm", Path.GetTempPath() }.Where(Directory.Exists)];

    /// <summary>Of this boot of this machine; null where there is no such thing, and so no shared memory either.</summary>
    public static string? BootId { get; } = Read("/proc/sys/kernel/random/boot_id");

    public static string NewName()
        => $"{Own}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";

    /// <summary>False where a peer's word is not the name of a segment, but of some other file.</summary>
    public static bool IsName(string name)
        => name.StartsWith(Prefix, StringComparison.Ordinal) && name.Length < 200 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    /// <summary>Removes segments of processes that are no more.</summary>
    public static void RemoveStale()
    {
        foreach (string path in Folders.SelectMany(folder => Directory.EnumerateFiles(folder, $"{Prefix}*")))
        {
            // The processes of another namespace (a container's) have numbers that say nothing here.
            if (Path.GetFileName(path).Split('-') is not [_, { } space, { } process, { } start, _] || space != Namespace) continue;
            if (StartOf(process) == start) continue;
            try
            {
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another user's, or just removed by somebody else: his to remove.
            }
        }
    }

    private static string Own => $"{Prefix}{Namespace}-{Environment.ProcessId}-{StartOf("self")}-";

    // "pid:[4026531836]"
    private static string Namespace { get; } = new([.. (File.ResolveLinkTarget("/proc/self/ns/pid", false)?.Name ?? "0").Where(char.IsAsciiDigit)]);

    /// <summary>When a process began, in ticks since the boot (proc(5), stat, field 22): a number may be given again, but not at the same time.</summary>
    private static string? StartOf(string process)
    {
        string? stat = process.All(char.IsAsciiLetterOrDigit) ? Read($"/proc/{process}/stat") : null;
        // The name, the second field, may hold spaces and ends with the last parenthesis.
        return stat?[(stat.LastIndexOf(')') + 2)..].Split(' ')[19].ToString(CultureInfo.InvariantCulture);
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
