using System.Text;

namespace DistBp.Cluster.Storage;

/// <summary>The last lines of an event log that an earlier process has written.</summary>
/// <param name="Skipped">Whole lines before them.</param>
/// <param name="Lines">In order; one that is torn is left out.</param>
internal sealed record EventTail(long Skipped, IReadOnlyList<string> Lines)
{
    private const int ChunkBytes = 64 << 10;

    /// <param name="maxBytes">Of all lines together.</param>
    /// <returns>Without lines where there is no such file, or it cannot be read.</returns>
    public static EventTail Read(string path, int maxBytes)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, ChunkBytes);
            long begin = Math.Max(0, file.Length - maxBytes);
            long skipped = CountLines(file, begin);
            var bytes = new byte[(int)Math.Min(maxBytes, file.Length - begin)];
            file.Position = begin;
            int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            string[] lines = Encoding.UTF8.GetString(bytes, 0, count).Split('\n');
            // The first may begin in the middle, and what follows the last newline is torn.
            bool isWhole = begin == 0 || EndsLine(file, begin);
            return new EventTail(skipped + (isWhole ? 0 : 1), [.. lines.SkipLast(1).Skip(isWhole ? 0 : 1)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new EventTail(0, []);
        }
    }

    private static bool EndsLine(FileStream file, long end)
    {
        file.Position = end - 1;
        return file.ReadByte() == '\n';
    }

    private static long CountLines(FileStream file, long end)
    {
        var chunk = new byte[ChunkBytes];
        long lines = 0;
        for (long left = end; left > 0;)
        {
            int count = file.Read(chunk, 0, (int)Math.Min(ChunkBytes, left));
            if (count == 0) break;
            lines += chunk.AsSpan(0, count).Count((byte)'\n');
            left -= count;
        }
        return lines;
    }
}
