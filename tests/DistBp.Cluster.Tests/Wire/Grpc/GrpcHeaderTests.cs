using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Tests.Wire.Grpc;

public sealed class GrpcHeaderTests
{
    [Theory]
    [InlineData(0, "0n")]
    [InlineData(1, "100n")]
    [InlineData(10_000, "1000000n")]
    [InlineData(10_000_000, "1000000u")]
    [InlineData(1_000_000_001, "99999999H", true)]
    [InlineData(600_000_000, "60000000u")]
    [InlineData(long.MaxValue, "99999999H", true)]
    public void A_timeout_is_written_in_the_finest_unit_of_eight_digits(long ticks, string header, bool isLong = false)
    {
        string written = GrpcTimeout.Format(new TimeSpan(ticks));
        Assert.True(GrpcTimeout.TryParse(written, out TimeSpan read));
        Assert.InRange(read.Ticks, ticks == long.MaxValue ? 0 : ticks, long.MaxValue);
        Assert.InRange(written.Length, 2, 9);
        if (!isLong) Assert.Equal(header, written);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("1.5S")]
    [InlineData("123456789S")]
    [InlineData("5s")]
    [InlineData(" 5S")]
    public void A_malformed_timeout_is_not_read(string header) => Assert.False(GrpcTimeout.TryParse(header, out _));

    [Fact]
    public void The_longest_timeout_is_read_without_overflow()
    {
        Assert.True(GrpcTimeout.TryParse("99999999H", out TimeSpan longest));
        Assert.True(longest > TimeSpan.FromDays(10_000));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("100%", "100%25")]
    [InlineData("größer\n", "gr%C3%B6%C3%9Fer%0A")]
    [InlineData("😀", "%F0%9F%98%80")]
    public void A_message_is_percent_encoded(string text, string encoded)
    {
        Assert.Equal(encoded, PercentEncoding.Encode(text));
        Assert.Equal(text, PercentEncoding.Decode(encoded));
    }

    [Theory]
    [InlineData("50% off", "50% off")]
    [InlineData("%", "%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz", "%zz")]
    public void A_malformed_message_is_not_lost(string received, string text) => Assert.Equal(text, PercentEncoding.Decode(received));

    [Fact]
    public void Metadata_that_may_not_travel_are_refused()
    {
        var metadata = new Metadata();
        Assert.Throws<ArgumentException>(() => metadata.Add("Upper", "x"));
        Assert.Throws<ArgumentException>(() => metadata.Add("", "x"));
        Assert.Throws<ArgumentException>(() => metadata.Add("grpc-status", "0"));
        Assert.Throws<ArgumentException>(() => metadata.Add("name", "a\r\nb"));
        Assert.Throws<ArgumentException>(() => metadata.Add("name-bin", "text"));
        Assert.Throws<ArgumentException>(() => metadata.Add("name", [1, 2]));
        Assert.Empty(metadata);
    }
}
