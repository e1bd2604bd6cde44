using System.Diagnostics;

namespace DistBp.Learning.Benchmarks;

/// <summary>The best time of several runs: on a shared machine the least disturbed one tells about the code.</summary>
internal static class Stopclock
{
    /// <summary>Seconds a call, the best of <paramref name="repetitions"/> runs of about <paramref name="secondsARun"/>.</summary>
    public static double Best(Action action, double secondsARun = 0.02, int repetitions = 9)
    {
        action();
        long begin = Stopwatch.GetTimestamp();
        action();
        int calls = Math.Max(1, (int)(secondsARun / Math.Max(1e-7, Stopwatch.GetElapsedTime(begin).TotalSeconds)));
        double best = double.MaxValue;
        for (int repetition = 0; repetition < repetitions; repetition++)
        {
            begin = Stopwatch.GetTimestamp();
            for (int call = 0; call < calls; call++) action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalSeconds / calls);
        }
        return best;
    }
}
