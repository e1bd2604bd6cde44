using DistBp.Learning.Data.Wav;
using static DistBp.Learning.Tests.Data.WavBytes;

namespace DistBp.Learning.Tests.Data;

public sealed class WavFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_sample_format_is_read()
    {
        Assert.Equal([-1, 0, 0.5], Read(Riff(Chunk("fmt ", Format(bits: 8)), Chunk("data", [0, 128, 192]))));
        Assert.Equal([-1, 0.5], Read(Pcm(-32768, 16384)));
        Assert.Equal([-1, -1 / 8388608.0, 0.5], Read(Riff(Chunk("fmt ", Format(bits: 24)), Chunk("data", [0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0, 0, 0x40]))));
        Assert.Equal([-1, 0.5], Read(Riff(Chunk("fmt ", Format(bits: 32)), Chunk("data", [0, 0, 0, 0x80, 0, 0, 0, 0x40]))));
        Assert.Equal([0.25, -2], Read(Riff(Chunk("fmt ", Format(tag: 3, bits: 32)),
            Chunk("data", [.. BitConverter.GetBytes(0.25f), .. BitConverter.GetBytes(-2f)]))));
        Assert.Equal([0.25], Read(Riff(Chunk("fmt ", Format(channels: 2)), Chunk("data", [0, 0x40, 0, 0]))));
    }

    [Fact]
    public void Chunks_stand_in_any_order_and_strange_ones_are_passed_over()
    {
        byte[] format = Chunk("fmt ", Format()), data = Chunk("data", [0, 0x40]), odd = Chunk("LIST", [1, 2, 3]);
        Assert.Equal([0.5], Read(Riff(odd, data, odd, format)));
        Assert.Equal([0.5], Read(Riff(format, data, Chunk("note", [], declared: 99))));
        Assert.Equal([0.5], Read(TemporaryFolder.Gzip(Riff(format, data))));
        Assert.Equal([0.5], Read([.. Riff(format, data), 1, 2, 3]));
    }

    [Theory]
    [InlineData(1, 1, 8000, 12, null, "PCM of 12 bits")]
    [InlineData(3, 1, 8000, 64, null, "Float of 64 bits")]
    [InlineData(6, 1, 8000, 8, null, "A-law")]
    [InlineData(0x55, 1, 8000, 16, null, "MP3")]
    [InlineData(0x1234, 1, 8000, 16, null, "0x1234")]
    [InlineData(0xFFFE, 1, 8000, 16, null, "extensible")]
    [InlineData(1, 3, 8000, 16, null, "3 channels")]
    [InlineData(1, 0, 8000, 16, null, "0 channels")]
    [InlineData(1, 1, 0, 16, null, "sample rate 0")]
    [InlineData(1, 1, 8000, 16, 4, "contradicts itself")]
    public void A_format_that_is_not_read_is_named(int tag, int channels, int rate, int bits, int? block, string expected) =>
        Expect(Riff(Chunk("fmt ", Format(tag, channels, (uint)rate, bits, block)), Chunk("data", new byte[24])), expected, "sound.wav, byte 12");

    [Fact]
    public void Damaged_files_are_named_with_what_and_where()
    {
        byte[] format = Chunk("fmt ", Format()), data = Chunk("data", [0, 0x40]);
        Expect([], "not a WAV file: it is empty");
        Expect("RIFX"u8.ToArray().Concat(new byte[20]).ToArray(), "big-endian RIFX");
        Expect([.. "RIFF"u8, 4, 0, 0, 0, .. "AVI "u8], "RIFF, but not WAVE");
        Expect([0x93, .. "NUMPY......."u8], "looks like an npy file");
        Expect(Riff(data), "no fmt chunk");
        Expect(Riff(format), "no data chunk");
        Expect(Riff(format, Chunk("data", [])), "no samples");
        Expect(Riff(format, Chunk("data", [0, 0x40], declared: 1000)), "cut off: its data chunk declares 1000 bytes, and 2 follow", "byte 36");
        Expect(Riff(Chunk("fmt ", Format(), declared: 5000)), "cut off: its fmt chunk");
        Expect(Riff(Chunk("fmt ", [1, 0]), data), "2 bytes; 16 are needed");
        Expect(Riff(format, Chunk("data", [1, 2, 3])), "no whole number of samples");
        Expect(Riff(Chunk("fmt ", Format(tag: 3, bits: 32)), Chunk("data", BitConverter.GetBytes(float.NaN))), "Sample 0 is NaN");
    }

    [Fact]
    public void Every_truncation_and_every_changed_byte_is_read_or_refused_in_words()
    {
        byte[] whole = Pcm(1, 2, 3, 4, 5);
        for (int length = 0; length < whole.Length; length++) Assert.Throws<UserException>(() => Read(whole[..length]));
        for (int at = 0; at < whole.Length; at++)
        {
            foreach (byte value in (byte[])[0, 1, 0x7F, 0xFF])
            {
                byte[] changed = [.. whole];
                changed[at] = value;
                try
                {
                    Assert.NotEmpty(Read(changed));
                }
                catch (UserException refused)
                {
                    Assert.Equal(ErrorKind.Data, refused.Kind);
                }
            }
        }
    }

    private void Expect(byte[] file, params string[] expected) => CsvJob.Expect(() => Read(file), ErrorKind.Data, ["sound.wav", .. expected]);

    private double[] Read(byte[] file) => WavFile.Read(_folder.Write("sound.wav", file)).Samples;
}
