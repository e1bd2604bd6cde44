namespace DistBp.Cluster.Actors;

/// <summary>
/// Which actor a thread is draining. An actor that gets its first message while the thread is at another one waits in the thread's own line
/// instead of nesting: the depth of the stack stays that of one actor.
/// </summary>
internal sealed class Turn
{
    [ThreadStatic]
    private static Turn? s_current;

    private readonly Queue<Actor> _waiting = [];
    private bool _running;

    public static void Take(Actor actor)
    {
        Turn turn = s_current ??= new Turn();
        turn._waiting.Enqueue(actor);
        if (turn._running) return;
        turn._running = true;
        try
        {
            while (turn._waiting.TryDequeue(out Actor? next)) next.Drain();
        }
        finally
        {
            turn._running = false;
        }
    }
}
