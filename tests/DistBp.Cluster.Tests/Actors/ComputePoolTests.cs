using DistBp.Cluster.Actors;

namespace DistBp.Cluster.Tests.Actors;

public sealed class ComputePoolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Work_that_wakes_other_work_is_never_slept_over(int threads)
    {
        // Each computation enqueues its neighbour: at any time only few of the threads have work, so they park and wake all the time.
        const int Actors = 5, Rounds = 20_000;
        using var ended = new CountdownEvent(Actors);
        using var pool = new ComputePool(threads, capacity: Actors * Actors, failure => throw new InvalidOperationException("failed", failure));
        var chains = new Chain[Actors];
        for (int i = 0; i < Actors; i++) chains[i] = new Chain(i, Actors, Rounds, pool, ended);
        foreach (Chain chain in chains) pool.Enqueue(chain.Owner, chain);
        Assert.True(ended.Wait(Patience), $"{ended.CurrentCount} of {Actors} chains stand still");
        Assert.All(chains, c => Assert.Equal(Rounds, c.Runs));
    }

    [Fact]
    public void Work_that_comes_after_a_pause_wakes_a_parked_thread()
    {
        using var ran = new SemaphoreSlim(0);
        using var pool = new ComputePool(2, capacity: 4, _ => { });
        for (int i = 0; i < 200; i++)
        {
            // Longer than the threads spin, now and then: some of these find them parked, some about to park.
            Thread.SpinWait(1 << (i % 16));
            pool.Enqueue(i, new Action(() => ran.Release()).AsComputation());
            Assert.True(ran.Wait(Patience), $"computation {i} was never run");
        }
    }

    [Fact]
    public void A_computation_that_throws_is_told_and_the_thread_goes_on()
    {
        using var ran = new SemaphoreSlim(0);
        var failures = new List<Exception>();
        using var pool = new ComputePool(1, capacity: 4, failures.Add);
        pool.Enqueue(0, new Action(() => throw new InvalidDataException("bad")).AsComputation());
        pool.Enqueue(0, new Action(() => ran.Release()).AsComputation());
        Assert.True(ran.Wait(Patience));
        Assert.IsType<InvalidDataException>(Assert.Single(failures));
    }

    [Fact]
    public void Its_end_waits_for_what_is_under_way_and_may_come_twice()
    {
        using var started = new SemaphoreSlim(0);
        using var goOn = new SemaphoreSlim(0);
        bool finished = false;
        var pool = new ComputePool(2, capacity: 4, _ => { });
        pool.Enqueue(0, new Action(() =>
        {
            started.Release();
            goOn.Wait();
            Volatile.Write(ref finished, true);
        }).AsComputation());
        Assert.True(started.Wait(Patience));
        goOn.Release();
        pool.Dispose();
        Assert.True(Volatile.Read(ref finished));
        pool.Dispose();
    }

    [Fact]
    public void An_actor_with_more_than_its_share_under_way_is_a_bug_that_is_told()
    {
        using var goOn = new SemaphoreSlim(0);
        using var started = new SemaphoreSlim(0);
        using var pool = new ComputePool(1, capacity: 1, _ => { });
        pool.Enqueue(0, new Action(() =>
        {
            started.Release();
            goOn.Wait();
        }).AsComputation());
        Assert.True(started.Wait(Patience));
        pool.Enqueue(0, new Action(() => { }).AsComputation());
        Assert.Throws<InvalidOperationException>(() => pool.Enqueue(0, new Action(() => { }).AsComputation()));
        goOn.Release();
    }

    [Fact]
    public void Threads_with_nothing_to_compute_look_where_messages_come_and_say_when_they_go_to_sleep()
    {
        using var pool = new ComputePool(2, capacity: 4, _ => { });
        var place = new Place(pool);
        pool.Attendance.Add(place);
        for (int round = 1; round <= 200; round++)
        {
            Assert.True(SpinWait.SpinUntil(() => !place.IsAttended, Patience));
            pool.Enqueue(0, new Action(() => Volatile.Write(ref place.Message, 1)).AsComputation());
            // What came is found, be it by the last look of who goes to sleep, and is computed.
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref place.Computed) == round, Patience), $"round {round}");
        }
    }

    private sealed class Place(ComputePool pool) : IAttended
    {
        public int Message, Computed;
        private volatile bool _isAttended;

        public bool IsAttended => _isAttended;

        public void Attend(bool looks) => _isAttended = looks;

        public bool Look(bool waits)
        {
            if (Interlocked.Exchange(ref Message, 0) == 0) return false;
            pool.Enqueue(1, new Action(() => Interlocked.Increment(ref Computed)).AsComputation());
            return true;
        }
    }

    private sealed class Chain(int owner, int owners, int rounds, ComputePool pool, CountdownEvent ended) : IComputation
    {
        public int Owner { get; private set; } = owner;

        public int Runs { get; private set; }

        public void Run()
        {
            if (++Runs == rounds)
            {
                ended.Signal();
                return;
            }
            Owner = (Owner + 1) % owners;
            pool.Enqueue(Owner, this);
        }
    }
}

/// <summary>A computation of a test.</summary>
internal static class ActionComputation
{
    public static IComputation AsComputation(this Action action) => new Wrapped(action);

    private sealed class Wrapped(Action action) : IComputation
    {
        public void Run() => action();
    }
}
