using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Tests.Storage;
using Xunit.Abstractions;

namespace DistBp.Cluster.Tests.Actors;

[Collection(AloneCollection.Name)]
public sealed class RunAllocationTests(ITestOutputHelper output)
{
    private const long First = 500, Last = 1500, MostBytesAStep = 2048;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public async Task A_warm_step_allocates_less_than_two_kilobytes_over_the_whole_process(int workers, int servers)
    {
        // 180 steps an epoch: what an epoch's end and its shuffle allocate is in the figure, as in every run.
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "batch=6", "slices=6", "epochs=9", "data.validation=null", "data.test=0.4", "checkpoint.everySteps=100000");
        // What other threads of the test process still do is in the figure too, and only ever adds: of several runs the least counts.
        long least = long.MaxValue;
        for (int run = 0; run < 3; run++)
        {
            using var folder = new TemporaryFolder();
            var meter = new AllocationMeter();
            var options = new TrainingOptions { Workers = workers, Servers = servers, OutFolder = folder["run"] };
            await TrainingSession.RunAsync(job, options, [meter], CancellationToken.None);
            least = Math.Min(least, (meter.BytesAtLast - meter.BytesAtFirst) / (Last - First));
        }
        output.WriteLine($"{workers} workers, {servers} servers, {job.Slices} slices: {least} bytes a step");
        Assert.InRange(least, 1, MostBytesAStep - 1);
    }

    private sealed class AllocationMeter : IRunObserver
    {
        public long BytesAtFirst { get; private set; }

        public long BytesAtLast { get; private set; }

        public void OnStep(in StepFigures step)
        {
            if (step.Step == First) BytesAtFirst = GC.GetTotalAllocatedBytes(precise: true);
            if (step.Step == Last) BytesAtLast = GC.GetTotalAllocatedBytes(precise: true);
        }

        public void OnStarted(RunStarted started)
        {
        }

        public void OnEpoch(EpochFigures epoch)
        {
        }

        public void OnCheckpoint(CheckpointFigures checkpoint)
        {
        }

        public void OnWarning(string text)
        {
        }

        public void OnEnded(RunResult result)
        {
        }
    }
}
