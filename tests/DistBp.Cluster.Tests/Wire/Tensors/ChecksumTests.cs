using System.Text;
using DistBp.Cluster.Wire.Tensors;

namespace DistBp.Cluster.Tests.Wire.Tensors;

public sealed class ChecksumTests
{
    [Fact]
    public void It_is_CRC_32C() => Assert.Equal(0xE3069283u, Checksum.Compute(Encoding.ASCII.GetBytes("123456789")));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(24_575)]
    [InlineData(24_576)]
    [InlineData(24_577)]
    [InlineData(100_003)]
    public void It_agrees_with_the_bit_by_bit_definition_whole_and_in_pieces(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        uint expected = BitByBit(bytes);
        Assert.Equal(expected, Checksum.Compute(bytes));
        uint state = Checksum.Begin;
        for (int at = 0, step = 1; at < length; at += step, step = step * 3 + 1)
            state = Checksum.Extend(state, bytes.AsSpan(at, Math.Min(step, length - at)));
        Assert.Equal(expected, Checksum.End(state));
    }

    private static uint BitByBit(byte[] bytes)
    {
        uint state = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            state ^= b;
            for (int bit = 0; bit < 8; bit++) state = (state & 1) != 0 ? state >> 1 ^ 0x82F63B78 : state >> 1;
        }
        return ~state;
    }
}
