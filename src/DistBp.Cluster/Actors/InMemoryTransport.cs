using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>Carries messages between the actors of one process: by reference, tensors too. The first failure of any of them ends the run.</summary>
internal sealed class InMemoryTransport(int servers, int workers) : ITransport
{
    private readonly Actor?[] _servers = new Actor?[servers];
    private readonly Actor?[] _workers = new Actor?[workers];
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Actor? _coordinator;

    /// <summary>Faults with the first failure; never completes otherwise.</summary>
    public Task Failure => _failure.Task;

    public bool HasFailed => _failure.Task.IsFaulted;

    public void Register(Actor actor)
    {
        actor.BeHosted(ThreadHosting.Instance, job: 0);
        if (actor.Address.Role == Role.Coordinator) _coordinator = actor;
        else (actor.Address.Role == Role.Server ? _servers : _workers)[actor.Address.Index] = actor;
    }

    public void Send(Address from, Address target, Message message) => (target.Role switch
    {
        Role.Coordinator => _coordinator!,
        Role.Server => _servers[target.Index]!,
        _ => _workers[target.Index]!,
    }).Post(message);

    public void Fail(Exception failure) => _failure.TrySetException(failure);
}
