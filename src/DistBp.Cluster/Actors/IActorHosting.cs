namespace DistBp.Cluster.Actors;

/// <summary>Who has the actors of jobs handle their messages on this node.</summary>
internal interface IActorHosting
{
    /// <param name="job">Whose actor it is: its number in the cluster.</param>
    IInbox Host(long job, Actor actor);
}
