using System.Globalization;

namespace DistBp.Chaos.Links;

/// <summary>Which process of this machine has opened a connection over loopback, from Linux's tables.</summary>
internal static class ConnectionOwner
{
    private const int LocalColumn = 1, RemoteColumn = 2, InodeColumn = 9;

    /// <param name="port">The caller's.</param>
    /// <param name="calledPort">Where it has called.</param>
    /// <returns>The name of the process; "" where it is none of them.</returns>
    public static string Find(int port, int calledPort, IReadOnlyDictionary<int, string> processes)
    {
        string? inode = ((string[])["/proc/net/tcp", "/proc/net/tcp6"]).SelectMany(File.ReadLines).Select(line => InodeOf(line, port, calledPort)).FirstOrDefault(i => i is not null);
        return inode is null ? "" : processes.FirstOrDefault(p => Holds(p.Key, $"socket:[{inode}]")).Value ?? "";
    }

    private static string? InodeOf(string line, int port, int calledPort)
    {
        string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return columns.Length > InodeColumn && PortOf(columns[LocalColumn]) == port && PortOf(columns[RemoteColumn]) == calledPort ? columns[InodeColumn] : null;
    }

    private static int PortOf(string address) =>
        int.TryParse(address.AsSpan(address.LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int port) ? port : -1;

    private static bool Holds(int process, string socket)
    {
        try
        {
            return new DirectoryInfo($"/proc/{process}/fd").EnumerateFiles().Any(f => f.LinkTarget == socket);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
            return false;
        }
    }
}
