namespace DistBp.Cluster.Storage;

/// <summary>Repairs a file that is appended to, whose last line or record is torn: its writer was killed, or the disk was full.</summary>
internal static class TornLine
{
    private const int ChunkBytes = 4096;

    /// <summary>Truncates the file after its last newline and leaves the position there.</summary>
    public static void CutOff(FileStream file)
    {
        long end = file.Length;
        Span<byte> chunk = stackalloc byte[ChunkBytes];
        while (end > 0)
        {
            long begin = Math.Max(0, end - ChunkBytes);
            Span<byte> window = chunk[..(int)(end - begin)];
            file.Position = begin;
            file.ReadExactly(window);
            int newline = window.LastIndexOf((byte)'\n');
            end = begin + newline + 1;
            if (newline >= 0) break;
        }
        if (end != file.Length) file.SetLength(end);
        file.Position = end;
    }

    /// <summary>Takes back what a write that failed may have left behind.</summary>
    /// <param name="begin">Where it began.</param>
    public static void Undo(Stream file, long begin)
    {
        file.Position = begin;
        try
        {
            file.SetLength(begin);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk that has refused the write refuses this too: the next write goes over it, and the next start cuts it off.
        }
    }
}
