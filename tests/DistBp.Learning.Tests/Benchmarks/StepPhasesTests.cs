using System.Diagnostics;
using DistBp.Learning.Benchmarks;

namespace DistBp.Learning.Tests.Benchmarks;

// Other tests may tell of phases on their threads meanwhile: what is asserted is a lower bound of what this thread added.
[Collection(AloneCollection.Name)]
public sealed class StepPhasesTests
{
    [Fact]
    public void A_phase_gets_the_time_since_the_end_of_the_one_before()
    {
        StepPhases.Start();
        StepPhases.End(StepPhase.Wait);
        long begin = Stopwatch.GetTimestamp();
        StepPhases.End(StepPhase.Wait);
        while (Stopwatch.GetElapsedTime(begin) < TimeSpan.FromMilliseconds(2)) Thread.SpinWait(10);
        TimeSpan spent = Stopwatch.GetElapsedTime(begin);
        StepPhases.End(StepPhase.Update);
        Assert.InRange(StepPhases.Stop()[StepPhase.Update], spent / 2, TimeSpan.MaxValue);
    }

    [Fact]
    public void Telling_of_a_phase_allocates_nothing_once_the_thread_is_known()
    {
        StepPhases.Start();
        StepPhases.End(StepPhase.Gather);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) StepPhases.End(StepPhase.Gather);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        StepPhases.Stop();
    }
}
