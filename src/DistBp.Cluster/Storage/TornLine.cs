namespace DistBp.Cluster.Storage;

/// <summary>Repairs a file of lines whose writer was killed in the middle of one.</summary>
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
}
