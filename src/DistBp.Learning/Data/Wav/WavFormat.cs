using System.Buffers.Binary;

namespace DistBp.Learning.Data.Wav;

/// <summary>What the fmt chunk of a WAV file says.</summary>
/// <param name="Bits">Of one sample of one channel.</param>
internal sealed record WavFormat(bool IsFloat, int Channels, int SampleRate, int Bits)
{
    private const int Pcm = 1, Float = 3, Extensible = 0xFFFE, LeastLength = 16, ExtensibleLength = 40, HighestRate = 768_000;

    private const string Remedy = "convert it to 16-bit PCM: sox IN -b 16 -c 1 OUT.wav, or ffmpeg -i IN -c:a pcm_s16le -ac 1 OUT.wav";

    /// <summary>What follows the tag in the GUID of an extensible format's kind.</summary>
    private static ReadOnlySpan<byte> KindTail => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

    /// <summary>Of one sample of all channels.</summary>
    public int BlockBytes => Channels * Bits / 8;

    public static WavFormat Parse(ReadOnlySpan<byte> chunk, string where)
    {
        if (chunk.Length < LeastLength)
            throw Bad($"The fmt chunk has {chunk.Length} bytes; {LeastLength} are needed.", where, "copy or record the file again");
        int tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk), channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        uint rate = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        int block = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]), bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        if (tag == Extensible)
        {
            if (chunk.Length < ExtensibleLength || !chunk.Slice(26, 14).SequenceEqual(KindTail))
                throw Bad("The fmt chunk is of an extensible format that says no known kind.", where, Remedy);
            tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk[24..]);
        }
        bool known = tag == Pcm ? bits is 8 or 16 or 24 or 32 : tag == Float && bits == 32;
        if (!known) throw Bad($"{Kind(tag)} of {bits} bits is not read; PCM of 8, 16, 24 and 32 bits and float of 32 are.", where, Remedy);
        if (channels is < 1 or > 2) throw Bad($"The sound has {channels} channels; one and two are read.", where, Remedy);
        if (rate is < 1 or > HighestRate) throw Bad($"The sample rate {rate} is not from 1 to {HighestRate} Hz.", where, "copy or record the file again");
        var format = new WavFormat(tag == Float, channels, (int)rate, bits);
        if (block == format.BlockBytes) return format;
        throw Bad($"The fmt chunk contradicts itself: {channels} channels of {bits} bits take {format.BlockBytes} bytes, not {block}.", where,
            "copy or record the file again");
    }

    /// <summary>[data.Length / BlockBytes] samples, the channels' mean.</summary>
    public double[] Decode(ReadOnlySpan<byte> data, string path)
    {
        int size = Bits / 8;
        var samples = new double[data.Length / BlockBytes];
        for (int i = 0; i < samples.Length; i++)
        {
            double sum = 0;
            for (int c = 0; c < Channels; c++) sum += Sample(data.Slice((i * Channels + c) * size, size));
            samples[i] = sum / Channels;
            if (!double.IsFinite(samples[i])) throw Bad($"Sample {i} is {samples[i]}.", path, "record the file again");
        }
        return samples;
    }

    private double Sample(ReadOnlySpan<byte> bytes) => Bits switch
    {
        8 => (bytes[0] - 128) / 128.0,
        16 => BinaryPrimitives.ReadInt16LittleEndian(bytes) / 32768.0,
        // The upper 24 of 32 bits, so that the sign is right.
        24 => ((bytes[0] << 8) | (bytes[1] << 16) | (bytes[2] << 24)) / 2147483648.0,
        _ when IsFloat => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        _ => BinaryPrimitives.ReadInt32LittleEndian(bytes) / 2147483648.0,
    };

    private static string Kind(int tag) => tag switch
    {
        Pcm => "PCM",
        Float => "Float",
        2 => "ADPCM",
        6 => "A-law",
        7 => "µ-law",
        0x11 => "IMA ADPCM",
        0x55 => "MP3",
        _ => $"The format 0x{tag:X4}",
    };

    private static UserException Bad(string what, string where, string remedy) => new(ErrorKind.Data, what, where, remedy);
}
