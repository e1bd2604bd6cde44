using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;

namespace DistBp.Cli.Tests;

public sealed class FindRateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_curve_and_a_suggestion_are_shown_in_plain_characters_and_nothing_is_left()
    {
        CommandOutcome outcome = CommandRun.Succeed(_folder, "find-rate", SampleJobs.WriteIris(_folder));
        Assert.Contains("1e-3", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("***", outcome.Output, StringComparison.Ordinal);
        Assert.Matches(@"suggestion: 0\.\d+ \((steepest descent|a tenth of the rate at the minimum)\): --set optimizer\.adam\.rate=0\.\d+\n", outcome.Output);
        Assert.DoesNotContain('\e', outcome.Output);
        Assert.All(outcome.Output.Split('\n'), line => Assert.True(line.Length <= 100, line));
        Assert.Equal("", outcome.Error);
        Assert.Equal(["iris.csv", "iris.yaml"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void The_curve_is_written_as_a_picture()
    {
        CommandRun.Succeed(_folder, "find-rate", SampleJobs.WriteIris(_folder), "--output", "curve.PNG");
        byte[] png = File.ReadAllBytes(_folder.File("curve.PNG"));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10], png[..8]);
        int width = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), height = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20));
        int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(33));
        Assert.Equal("IDAT"u8, png.AsSpan(37, 4));
        using var pixels = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(png, 41, length), CompressionMode.Decompress)) zlib.CopyTo(pixels);
        Assert.Equal(height * (1 + (width * 3)), pixels.Length);
        // The end of a picture, with its checksum, is always the same.
        Assert.Equal([0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82], png[^12..]);
    }

    [Fact]
    public void The_curve_is_written_as_csv_and_as_json()
    {
        string job = SampleJobs.WriteIris(_folder);
        CommandRun.Succeed(_folder, "find-rate", job, "--from", "1e-5", "--to", "0.1", "--steps", "40", "--output", "curve.csv", "--workers", "1");
        string[] lines = File.ReadAllLines(_folder.File("curve.csv"));
        Assert.Equal("step,rate,loss,smoothedLoss", lines[0]);
        Assert.Equal(41, lines.Length);
        using JsonDocument json = JsonDocument.Parse(CommandRun.Succeed(
            _folder, "find-rate", job, "--from", "1e-5", "--to", "0.1", "--steps", "40", "--json", "--workers", "3").Output);
        JsonElement[] points = [.. json.RootElement.GetProperty("points").EnumerateArray()];
        Assert.Equal(40, points.Length);
        Assert.Equal("adam", json.RootElement.GetProperty("optimizer").GetString());
        Assert.Equal(lines[7].Split(',')[2], points[6].GetProperty("loss").GetDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("--from 1 --to 0.1", "--from (1) is not below --to (0.1)")]
    [InlineData("--from 0", "--from takes a number above 0, not \"0\"")]
    [InlineData("--steps 5", "--steps takes at least 20")]
    [InlineData("--output curve.svg", "--output takes a file that ends in .png or .csv")]
    public void Wrong_usage_is_told(string flags, string words) =>
        CommandRun.Run(_folder, ["find-rate", .. flags.Split(' ')]).ShouldFail(2, words, "try distbp find-rate --help");

    [Fact]
    public void A_picture_that_cannot_be_written_is_told()
    {
        CommandOutcome outcome = CommandRun.Run(_folder, "find-rate", SampleJobs.WriteIris(_folder), "--output", "nowhere/curve.png");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("nowhere/curve.png", outcome.Error, StringComparison.Ordinal);
    }
}
