namespace DistBp.Protocol.Membership;

/// <summary>What a node (a process) may do; a node may have several.</summary>
[Flags]
public enum NodeRoles
{
    None = 0,
    Worker = 1,
    Server = 2,
    Coordinator = 4,
}
