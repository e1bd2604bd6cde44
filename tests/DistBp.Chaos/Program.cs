using System.CommandLine;
using System.Runtime.InteropServices;
using DistBp.Chaos;
using DistBp.Chaos.Faults;
using DistBp.Chaos.Reports;
using DistBp.Chaos.Waits;

// dotnet run -c Release --project tests/DistBp.Chaos -- [--seed 1] [--minutes 5] [--faults 10] [--nodes 3] [--job FILE] | --waits 100
var seed = new Option<int>("--seed") { Description = "Of the schedule.", DefaultValueFactory = _ => 1 };
var minutes = new Option<double>("--minutes") { Description = "How long the run would take undisturbed.", DefaultValueFactory = _ => 5 };
var faults = new Option<int>("--faults") { Description = "How many.", DefaultValueFactory = _ => 10 };
var nodes = new Option<int>("--nodes") { Description = "Each with a worker and a server.", DefaultValueFactory = _ => 3 };
var job = new Option<string?>("--job") { Description = "A job file; its epochs are chosen here. Default: the handwritten digits." };
var kinds = new Option<string?>("--kinds") { Description = $"Only these, with commas: {string.Join(", ", FaultKinds.Names)}." };
var coordinator = new Option<bool>("--coordinator") { Description = "Kill the coordinator too, although this distbp keeps no state of it." };
var etcd = new Option<bool>("--etcd") { Description = "Two coordinators, of which an etcd of three members elects one, and faults of both." };
var pace = new Option<int>("--pace")
{
    Description = "Milliseconds that each gradient takes longer, by a timer: so that few cores are as many machines.", DefaultValueFactory = _ => 20,
};
var waits = new Option<int>("--waits") { Description = "Instead of a schedule: so many trials, in each of which a peer that is waited for is killed, frozen or cut off." };
var keep = new Option<string?>("--keep") { Description = "Leave logs and runs in this folder." };
var command = new RootCommand("Trains on a real cluster under a seeded schedule of faults, and compares with the undisturbed run.")
{
    seed, minutes, faults, nodes, job, kinds, coordinator, etcd, pace, waits, keep,
};
command.SetAction(async parsed =>
{
    using var interrupted = new CancellationTokenSource();
    void Interrupt(PosixSignalContext signal)
    {
        signal.Cancel = true;
        interrupted.Cancel();
    }
    using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
    using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
    try
    {
        var options = new ChaosOptions(
            parsed.GetValue(seed), TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(faults), parsed.GetValue(nodes), parsed.GetValue(job),
            FaultKinds.Parse(parsed.GetValue(kinds)), parsed.GetValue(coordinator), parsed.GetValue(etcd), TimeSpan.FromMilliseconds(parsed.GetValue(pace)), parsed.GetValue(keep));
        if (parsed.GetValue(waits) is > 0 and var trials)
        {
            IReadOnlyList<TrialOutcome> outcomes = await WaitTrials.RunAsync(parsed.GetValue(seed), trials, parsed.GetValue(keep), interrupted.Token);
            TrialOutcome.Write(outcomes, Console.Out);
            return outcomes.Count == trials && outcomes.All(o => o.IsRight) ? 0 : 1;
        }
        ChaosReport report = await ChaosRun.RunAsync(options.Checked(), interrupted.Token);
        report.Write(Console.Out);
        return report.Passed ? 0 : 1;
    }
    catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
    {
        Console.Error.WriteLine("interrupted; all that was started is ended");
        return 130;
    }
    catch (ArgumentException wrong)
    {
        Console.Error.WriteLine(wrong.Message);
        return 2;
    }
    catch (Exception failed) when (failed is ChaosException or TimeoutException)
    {
        Console.Error.WriteLine(failed.Message);
        return 1;
    }
});
return await command.Parse(args).InvokeAsync();
