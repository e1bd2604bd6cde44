using System.Globalization;

namespace DistBp.Chaos.Waits;

/// <summary>What a peer is waited for in, when something happens to it.</summary>
internal enum WaitPhase
{
    /// <summary>It is about to become a member, and to take part in the job.</summary>
    Join,

    /// <summary>At a moment of a step: its gradients are waited for, its norms, or the version that it commits.</summary>
    Step,

    /// <summary>A checkpoint is being written.</summary>
    Checkpoint,

    /// <summary>It, or another one, is leaving and hands over what it has.</summary>
    Leave,
}

internal enum PeerEnd
{
    /// <summary>SIGKILL.</summary>
    Killed,

    /// <summary>SIGSTOP, for longer than others wait.</summary>
    Frozen,

    /// <summary>Nothing passes from it or to it, for as long.</summary>
    CutOff,
}

/// <param name="Leaver">Who leaves, in <see cref="WaitPhase.Leave"/>; else nobody.</param>
/// <param name="Delay">From the beginning of the phase.</param>
internal sealed record Trial(WaitPhase Phase, PeerEnd End, string Victim, string Leaver, TimeSpan Delay)
{
    private static readonly WaitPhase[] s_phases = Enum.GetValues<WaitPhase>();
    private static readonly PeerEnd[] s_ends = Enum.GetValues<PeerEnd>();

    /// <summary>All combinations in turn; who it happens to, and when, is drawn.</summary>
    /// <param name="nodes">Members of the job.</param>
    /// <param name="newcomer">Joins in <see cref="WaitPhase.Join"/>.</param>
    public static IEnumerable<Trial> Draw(int seed, int count, IReadOnlyList<string> nodes, string newcomer)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
        {
            WaitPhase phase = s_phases[i % s_phases.Length];
            string any = nodes[random.Next(nodes.Count)], leaver = phase == WaitPhase.Leave ? nodes[random.Next(nodes.Count)] : "";
            string victim = phase switch
            {
                // The newcomer itself, or one whom it depends on.
                WaitPhase.Join => random.Next(2) == 0 ? newcomer : any,
                WaitPhase.Leave => random.Next(2) == 0 ? leaver : any,
                _ => any,
            };
            int within = phase switch { WaitPhase.Join => 1500, WaitPhase.Step => 100, WaitPhase.Checkpoint => 5, _ => 60 };
            yield return new Trial(phase, s_ends[i / s_phases.Length % s_ends.Length], victim, leaver, TimeSpan.FromMilliseconds(random.NextDouble() * within));
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Phase}: {Victim} {End} after {Delay.TotalMilliseconds:F1} ms{(Leaver.Length > 0 ? $", {Leaver} leaves" : "")}");
}
