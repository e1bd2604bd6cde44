using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace DistBp.Learning.Benchmarks;

/// <summary>
/// Where the time of computing threads goes. A phase is told when it ends, and gets the thread's time since its last end: so nothing is
/// left out, and a hook is one line. Off, a hook is one load and one branch; on, it reads the clock and allocates once a thread.
/// </summary>
public static class StepPhases
{
    private static readonly Lock s_lock = new();
    private static readonly List<Recording> s_recordings = [];
    private static int s_session;
    private static volatile bool s_isOn;

    [ThreadStatic]
    private static Recording? s_own;

    /// <summary>From here on the ends of phases are recorded, from zero, by every thread from its next end on.</summary>
    public static void Start()
    {
        lock (s_lock)
        {
            s_recordings.Clear();
            s_session++;
            s_isOn = true;
        }
    }

    /// <summary>Time a phase, added over all threads since <see cref="Start"/>; call it when they have ended or are idle.</summary>
    public static IReadOnlyDictionary<StepPhase, TimeSpan> Stop()
    {
        s_isOn = false;
        lock (s_lock)
        {
            return Enum.GetValues<StepPhase>().ToDictionary(
                phase => phase,
                phase => Stopwatch.GetElapsedTime(0, s_recordings.Sum(recording => recording.Ticks[(int)phase])));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void End(StepPhase phase)
    {
        if (s_isOn) Record(phase);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Record(StepPhase phase)
    {
        Recording? own = s_own;
        if (own is null || own.Session != s_session)
        {
            s_own = Begin();
            return;
        }
        long now = Stopwatch.GetTimestamp();
        own.Ticks[(int)phase] += now - own.LastEnd;
        own.LastEnd = now;
    }

    private static Recording Begin()
    {
        lock (s_lock)
        {
            var recording = new Recording { Session = s_session, LastEnd = Stopwatch.GetTimestamp() };
            s_recordings.Add(recording);
            return recording;
        }
    }

    private sealed class Recording
    {
        /// <summary>A phase each; made long, so that no two threads write to one cache line.</summary>
        public long[] Ticks { get; } = new long[32];

        public int Session { get; init; }

        public long LastEnd { get; set; }
    }
}
