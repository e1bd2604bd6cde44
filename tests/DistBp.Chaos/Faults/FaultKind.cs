namespace DistBp.Chaos.Faults;

internal enum FaultKind
{
    /// <summary>SIGKILL of a node, which is started again under its name after a while.</summary>
    Kill,

    /// <summary>SIGSTOP of a node for less than the acceptable pause: nobody is lost.</summary>
    ShortPause,

    /// <summary>SIGSTOP of a node for twice the acceptable pause: it is replaced, and comes back as a zombie.</summary>
    Freeze,

    /// <summary>All connections of a node break; new ones are possible at once.</summary>
    Cut,

    /// <summary>Nothing passes to or from a node for twice the acceptable pause.</summary>
    Partition,

    /// <summary>Nothing that a node sends arrives anywhere; it hears all.</summary>
    Mute,

    /// <summary>Nothing arrives at a node; all hear it.</summary>
    Deaf,

    /// <summary>Each piece to and from a node comes later.</summary>
    SlowLink,

    /// <summary>The disk of the run's folder is full for a while.</summary>
    FullDisk,

    /// <summary>SIGKILL of the coordinator, which is started again: on its state, or, where another one has followed, to stand by.</summary>
    KillCoordinator,

    /// <summary>SIGSTOP of the coordinator for twice its lease: another one follows, and it comes back as a zombie. With etcd.</summary>
    FreezeCoordinator,

    /// <summary>SIGKILL of a member of etcd, which is started again after a while. With etcd.</summary>
    KillEtcd,
}
