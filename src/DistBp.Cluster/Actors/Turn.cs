namespace DistBp.Cluster.Actors;

/// <summary>
/// Which actor a thread is handling messages of. An actor that gets its first message while the thread is at another one waits in the thread's own line
/// instead of nesting: the depth of the stack stays that of one actor.
/// </summary>
internal sealed class Turn
{
    [ThreadStatic]
    private static Turn? s_current;

    private readonly Queue<(object Inbox, Action<object> Drain)> _waiting = [];
    private bool _running;

    /// <param name="inbox">Whose messages are to be handled, by this thread, before it goes on with what it was at.</param>
    /// <param name="drain">Handles all that there are.</param>
    public static void Take(object inbox, Action<object> drain)
    {
        Turn turn = s_current ??= new Turn();
        turn._waiting.Enqueue((inbox, drain));
        if (turn._running) return;
        turn._running = true;
        try
        {
            while (turn._waiting.TryDequeue(out (object Inbox, Action<object> Drain) next)) next.Drain(next.Inbox);
        }
        finally
        {
            turn._running = false;
        }
    }
}
