using Akka.Configuration;
using Akka.Dispatch;
using DistBp.Cluster.Actors;

namespace DistBp.Akka;

/// <summary>Has an actor handle its messages on the thread that tells it one, as <see cref="ThreadHosting"/> does: a step of the training crosses no thread without need.</summary>
internal sealed class TurnDispatcher(MessageDispatcherConfigurator configurator) : MessageDispatcher(configurator)
{
    /// <summary>Its place in the configuration.</summary>
    public const string Path = "akka.actor.turn-dispatcher";

    protected override void ExecuteTask(IRunnable run) => Turn.Take(run, static mailbox => ((IRunnable)mailbox).Run());

    protected override void Shutdown()
    {
        // It has no threads of its own.
    }

    /// <summary>Named by the configuration.</summary>
    internal sealed class Source(Config config, IDispatcherPrerequisites prerequisites) : MessageDispatcherConfigurator(config, prerequisites)
    {
        private readonly Lock _gate = new();
        private TurnDispatcher? _dispatcher;

        public override MessageDispatcher Dispatcher()
        {
            lock (_gate) return _dispatcher ??= new TurnDispatcher(this);
        }
    }
}
