using System.Buffers.Binary;

namespace DistBp.Learning.Data.Wav;

/// <summary>A sound in memory, one channel.</summary>
/// <param name="Samples">In [−1, 1) where they are stored as whole numbers; the mean of two channels.</param>
internal sealed record Sound(int SampleRate, double[] Samples);

/// <summary>
/// Reads WAV files: RIFF/WAVE chunks in any order (Microsoft/IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991), PCM of
/// 8 (unsigned), 16, 24 and 32 bits or float of 32, one channel or two, also as WAVE_FORMAT_EXTENSIBLE.
/// </summary>
internal static class WavFile
{
    /// <summary>Of one file's content: 50 minutes of 16-bit stereo at 44.1 kHz.</summary>
    private const int MostBytes = 512 << 20;

    private const int RiffHeader = 12, ChunkHeader = 8, BlockBytes = 1 << 16;

    private const string CopyAgain = "copy or record the file again";

    public static Sound Read(string path)
    {
        byte[] content = Content(path);
        ReadOnlySpan<byte> bytes = content;
        if (bytes.Length < RiffHeader || !bytes.StartsWith("RIFF"u8) || !bytes[8..].StartsWith("WAVE"u8))
        {
            string kind = bytes.StartsWith("RIFX"u8) ? "big-endian RIFX" : bytes.StartsWith("RF64"u8) ? "RF64"
                : bytes.StartsWith("RIFF"u8) ? "RIFF, but not WAVE" : DataFile.LooksLike(bytes[..Math.Min(16, bytes.Length)]);
            throw Bad($"This is not a WAV file: {kind}.", path, "convert it: sox IN OUT.wav, or ffmpeg -i IN OUT.wav");
        }
        WavFormat? format = null;
        ReadOnlySpan<byte> data = default;
        bool hasData = false;
        for (int at = RiffHeader; at + ChunkHeader <= bytes.Length;)
        {
            ReadOnlySpan<byte> name = bytes.Slice(at, 4);
            long size = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 4)..]), start = at + ChunkHeader;
            bool ofFormat = name.SequenceEqual("fmt "u8), ofData = name.SequenceEqual("data"u8);
            if (start + size > bytes.Length)
            {
                if (!ofFormat && !ofData) break;
                throw Bad($"The file is cut off: its {(ofData ? "data" : "fmt")} chunk declares {size} bytes, and {bytes.Length - start} follow.",
                    $"{path}, byte {at}", CopyAgain + " (a program that writes WAV to a pipe cannot know the size: let it write a file)");
            }
            ReadOnlySpan<byte> body = bytes.Slice((int)start, (int)size);
            if (ofFormat) format = WavFormat.Parse(body, $"{path}, byte {at}");
            if (ofData && !hasData)
            {
                data = body;
                hasData = true;
            }
            // A chunk of odd length is followed by a byte of padding.
            at = (int)Math.Min(start + size + (size & 1), bytes.Length);
        }
        if (format is null) throw Bad("The file has no fmt chunk.", path, CopyAgain);
        if (!hasData) throw Bad("The file has no data chunk.", path, CopyAgain);
        if (data.IsEmpty) throw Bad("The sound has no samples.", path, "leave the file out");
        if (data.Length % format.BlockBytes != 0)
        {
            throw Bad($"The file is cut off: {data.Length} bytes of data are no whole number of samples of {format.BlockBytes} bytes.", path,
                CopyAgain);
        }
        return new Sound(format.SampleRate, format.Decode(data, path));
    }

    private static byte[] Content(string path)
    {
        using Stream stream = DataFile.Open(path, out long mostBytes);
        using var content = new MemoryStream((int)Math.Min(mostBytes, 1 << 20));
        var block = new byte[BlockBytes];
        for (int got; (got = DataFile.ReadFully(stream, block, path)) > 0;)
        {
            content.Write(block, 0, got);
            if (content.Length > MostBytes) throw Bad($"The file is larger than {MostBytes >> 20} MiB.", path, "split it");
        }
        return content.ToArray();
    }

    private static UserException Bad(string what, string where, string remedy) => new(ErrorKind.Data, what, where, remedy);
}
