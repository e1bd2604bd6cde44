using DistBp.Cluster.Actors;

namespace DistBp.Cluster.Tests.Actors;

public sealed class GatherAheadTests
{
    [Fact]
    public void Rows_that_were_gathered_ahead_are_not_gathered_again()
    {
        var gathered = new List<long>();
        var ahead = new GatherAhead(gathered.Add);
        ahead.Prepare(7);
        ahead.Run();
        Assert.True(ahead.Claim(7));
        Assert.False(ahead.Claim(8));
        Assert.Equal([7], gathered);
    }

    [Fact]
    public void Rows_that_nobody_had_time_for_are_left_to_the_computation()
    {
        var gathered = new List<long>();
        var ahead = new GatherAhead(gathered.Add);
        ahead.Prepare(7);
        Assert.False(ahead.Claim(7));
        ahead.Run();
        Assert.Empty(gathered);
    }

    [Fact]
    public void Rows_of_another_step_are_not_taken_for_those_asked_for()
    {
        var ahead = new GatherAhead(_ => { });
        ahead.Prepare(7);
        ahead.Run();
        Assert.False(ahead.Claim(9));
    }

    [Fact]
    public void A_failed_gathering_does_not_keep_the_computation_waiting()
    {
        var ahead = new GatherAhead(_ => throw new InvalidOperationException());
        ahead.Prepare(7);
        Assert.Throws<InvalidOperationException>(ahead.Run);
        Assert.False(ahead.Claim(7));
    }

    [Fact]
    public async Task A_computation_waits_for_rows_that_are_being_gathered()
    {
        using var begun = new SemaphoreSlim(0);
        using var goOn = new SemaphoreSlim(0);
        var ahead = new GatherAhead(_ =>
        {
            begun.Release();
            goOn.Wait();
        });
        ahead.Prepare(7);
        Task gathering = Task.Run(ahead.Run);
        await begun.WaitAsync();
        Task<bool> claim = Task.Run(() => ahead.Claim(7));
        goOn.Release();
        Assert.True(await claim);
        await gathering;
    }
}
