using DistBp.Cluster.Storage;

namespace DistBp.Cluster.Tests.Storage;

public sealed class EventTailTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1000, 0, "aa bbb cccc")]
    [InlineData(13, 0, "aa bbb cccc")]
    [InlineData(12, 1, "bbb cccc")]
    [InlineData(10, 1, "bbb cccc")]
    [InlineData(9, 2, "cccc")]
    [InlineData(6, 2, "cccc")]
    [InlineData(5, 3, "")]
    [InlineData(1, 3, "")]
    public void The_last_whole_lines_are_read_and_those_before_are_counted(int maxBytes, long skipped, string lines)
    {
        File.WriteAllText(_folder["events"], "aa\nbbb\ncccc\nt");
        EventTail tail = EventTail.Read(_folder["events"], maxBytes);
        Assert.Equal((skipped, lines), (tail.Skipped, string.Join(' ', tail.Lines)));
    }

    [Fact]
    public void Without_a_file_there_are_no_lines() => Assert.Empty(EventTail.Read(_folder["nothing"], 100).Lines);
}
