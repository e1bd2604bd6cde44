using DistBp.Learning;

namespace DistBp.Protocol.Tests;

public sealed class HoldingsTests
{
    private const int Parameters = 12 * ParameterLayout.BlockLength + 17;

    [Fact]
    public void A_copy_that_is_not_filled_takes_nobodys_place()
    {
        Assignment three = Of(1, replication: 2, 0, 1, 2);
        Assert.Equal(1, new Holdings(three, [], [new(1, 2)]).Holder(1));
        Assert.Equal(2, new Holdings(three, [1], []).Holder(1));
        Assert.Equal(0, new Holdings(three, [1], [new(1, 2)]).Holder(1));
        Assert.Null(new Holdings(three, [1], [new(1, 2), new(1, 0)]).Holder(1));
        // That of another shard plays no part.
        Assert.Equal(2, new Holdings(three, [1], [new(0, 2)]).Holder(1));
        Assert.Null(new Holdings(three, [1, 2, 0], []).Holder(1));
    }

    [Fact]
    public void Where_no_shard_moves_nothing_is_to_be_filled()
    {
        Assignment before = Of(1, replication: 1, 0, 1, 2), after = Of(2, replication: 1, 0, 1, 2);
        Assert.Empty(Holdings.UnfilledIn(after, new Holdings(before, [], [])));
        Assert.Equal([new(1, 2)], Holdings.UnfilledIn(after, new Holdings(before, [], [new(1, 2)])));
        Assert.Empty(Holdings.UnfilledIn(after, before: null));
    }

    [Fact]
    public void Who_joins_has_nothing_and_two_who_had_everything_lack_nothing()
    {
        Assignment before = Of(1, replication: 1, 0, 1), after = Of(2, replication: 1, 0, 1, 2);
        Assert.Equal([new(1, 2)], Holdings.UnfilledIn(after, new Holdings(before, [], [])));
    }

    [Fact]
    public void What_is_not_to_be_filled_its_backup_has_and_an_empty_shard_needs_no_copy()
    {
        var random = new Random(20261128);
        for (int i = 0; i < 2000; i++)
        {
            int replication = 1 + random.Next(2);
            int[] old = [.. Enumerable.Range(0, 1 + random.Next(6))];
            int[] lost = [.. old.Where(_ => random.Next(4) == 0)], joined = [.. Enumerable.Range(10, random.Next(3))];
            int[] now = [.. old.Except(lost).Where(_ => random.Next(6) > 0), .. joined];
            if (now.Length == 0) continue;
            int parameters = random.Next(3) == 0 ? 2 * ParameterLayout.BlockLength : Parameters;
            Assignment before = Of(1, replication, old) with { UpdatedCount = parameters }, after = Of(2, replication, now) with { UpdatedCount = parameters };
            CopyPlace[] missing = [.. old.SelectMany(o => before.Backups(o).Select(b => new CopyPlace(o, b))).Where(_ => random.Next(4) == 0)];
            var held = new Holdings(before, lost, missing);
            IReadOnlyList<CopyPlace> unfilled = Holdings.UnfilledIn(after, held);
            foreach (int owner in now)
            {
                foreach (int backup in after.Backups(owner))
                    Assert.Equal(Enumerable.Range(after.Shard(owner).Offset, after.Shard(owner).Count).Where(p => p % 97 == 0).All(p => Knows(held, backup, p)), !unfilled.Contains(new(owner, backup)));
            }
        }
    }

    private static bool Knows(Holdings held, int server, int parameter) => held.Assignment.Servers.Any(owner =>
        held.Has(server, owner) && held.Assignment.Shard(owner) is var shard && shard.Offset <= parameter && parameter < shard.End);

    private static Assignment Of(int number, int replication, params int[] servers) =>
        new(new Generation(1, number), [0], servers, 1, Parameters) { Replication = replication };
}
